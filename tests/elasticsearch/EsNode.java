import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.core.WhitespaceTokenizer;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.IndexVersion;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.plugins.PluginsLoader;
import org.elasticsearch.rest.RestChannel;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xcontent.XContentBuilder;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Starts one Elasticsearch 9.x node in this JVM, for tests: EsNode HOME key=value ...
 * HOME holds lib/ (server jars, on the class path) and modules/ (one folder per ES module).
 */
public class EsNode {
    public static void main(String[] args) throws Exception {
        long t0 = System.currentTimeMillis();
        Settings.Builder b = Settings.builder().put("path.home", args[0]);
        for (int i = 1; i < args.length; i++) {
            int eq = args[i].indexOf('=');
            String key = args[i].substring(0, eq), value = args[i].substring(eq + 1);
            if (value.contains(",")) b.putList(key, value.split(","));
            else b.put(key, value);
        }
        Settings settings = b.build();
        Path config = Path.of(settings.get("path.data")).resolveSibling("config"); // must exist, may stay empty
        Files.createDirectories(config);
        LogConfigurator.configureWithoutConfig(settings);           // errors to the console only
        LogConfigurator.configureESLogging();
        Environment env = new Environment(settings, config);
        PluginsLoader loader = PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(env.modulesDir(), false), Set.of(), Map.of(), false);
        Node node = new Node(env, loader);                          // no entitlements, no bootstrap checks
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try { node.close(); } catch (Exception e) { e.printStackTrace(); }
            stopped.countDown();
        }));
        node.start();
        System.out.println("started " + settings.get("node.name") + " http=" + settings.get("http.port")
            + " version=" + Build.current().version() + " ms=" + (System.currentTimeMillis() - t0));
        stopped.await();
    }

    /**
     * Stand-ins for two ES modules that are not on Maven Central: rest-root (GET and HEAD "/", which
     * clients' info() and ping() want) and, of analysis-common, the tokenizer "whitespace" and the filter
     * "pattern_capture": the same Lucene classes under the same names, with the options that are used here.
     */
    public static class GapsPlugin extends Plugin implements ActionPlugin, AnalysisPlugin {
        @Override
        public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
            return Map.of("whitespace", (index, environment, name, settings) -> {
                int longest = settings.getAsInt("max_token_length", 255);
                return TokenizerFactory.newFactory(name, () -> new WhitespaceTokenizer(longest));
            });
        }

        @Override
        public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
            return Map.of("pattern_capture", (index, environment, name, settings) -> {
                boolean keep = settings.getAsBoolean("preserve_original", true);
                Pattern[] patterns = settings.getAsList("patterns").stream().map(Pattern::compile).toArray(Pattern[]::new);
                return new AbstractTokenFilterFactory(name) {
                    @Override
                    public TokenStream create(TokenStream input) {
                        return new PatternCaptureGroupTokenFilter(input, keep, patterns);
                    }
                };
            });
        }

        @Override
        public Collection<RestHandler> getRestHandlers(RestHandlersServices services,
                Supplier<DiscoveryNodes> nodes, Predicate<NodeFeature> features) {
            String cluster = services.settings().get("cluster.name", "elasticsearch");
            return List.of(new RestHandler() {
                @Override
                public List<Route> routes() {
                    return List.of(new Route(RestRequest.Method.GET, "/"), new Route(RestRequest.Method.HEAD, "/"));
                }

                @Override
                public void handleRequest(RestRequest request, RestChannel channel, NodeClient client) throws Exception {
                    Build v = Build.current();
                    XContentBuilder x = channel.newBuilder().startObject()
                        .field("name", nodes.get().getLocalNode().getName()).field("cluster_name", cluster)
                        .startObject("version").field("number", v.version()).field("build_flavor", "default")
                        .field("build_type", v.type().displayName()).field("build_hash", v.hash())
                        .field("build_date", v.date()).field("build_snapshot", v.isSnapshot())
                        .field("lucene_version", IndexVersion.current().luceneVersion().toString())
                        .field("minimum_wire_compatibility_version", v.minWireCompatVersion())
                        .field("minimum_index_compatibility_version", v.minIndexCompatVersion())
                        .endObject().field("tagline", "You Know, for Search").endObject();
                    channel.sendResponse(new RestResponse(RestStatus.OK, x));
                }
            });
        }
    }
}

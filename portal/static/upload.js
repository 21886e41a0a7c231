// Files are sent one after the other, so that what arrived stays when the page is left or a file is refused.
// What was not sent when the page was left is remembered by name, so that the person knows and can send it again.
const drop = document.querySelector("#drop");
const input = document.querySelector("#files");
const folder = document.querySelector("#folder");
const pick = document.querySelector("#pick-folder");
const box = document.querySelector("#sending-box");
const sum = document.querySelector("#sending-sum");
const bar = document.querySelector("#sending-bar");
const list = document.querySelector("#sending");
const unfinished = document.querySelector("#unfinished");
const token = document.querySelector("input[name=csrf_token]").value;
const memory = `sending:${drop.dataset.case}`;
const ownFiles = /^(\.|~\$)|^(thumbs\.db|desktop\.ini)$/i; // what systems and office programs lay beside documents
const descriptions = new Set(["case.json", "案卷目录.xlsx"]); // they say what the documents are, and are none
const order = new Intl.Collator("zh-CN", { numeric: true });
let waiting = [];
let busy = false;
let done = 0;
let refused = 0;

function say() {
  const all = done + waiting.length;
  sum.textContent = waiting.length
    ? `正在收入：第 ${Math.min(done + 1, all)} 个，共 ${all} 个。离开本页前请等待完成。`
    : `已处理 ${done} 个文件${refused ? `，其中 ${refused} 个没有收入，原因见下` : ""}。`;
}
function remember() {
  const names = waiting.map((file) => file.name);
  if (names.length) sessionStorage.setItem(memory, JSON.stringify(names)); else sessionStorage.removeItem(memory);
}
function note(name, text, bad) {
  const row = document.createElement("li");
  row.textContent = `${name}　${text}`;
  if (bad) row.classList.add("late");
  list.append(row);
}
function answered(request, file) {
  let said = {};
  try { said = JSON.parse(request.responseText); } catch { /* not our answer */ }
  if (request.status === 200) {
    if (said.present?.length) note(file.name, "此前已收入，没有重复");
    return;
  }
  refused += 1;
  note(file.name, said.refused?.join("；") || (request.status === 413 ? "文件过大，没有收入。" : "没有收入，请重试。"), true);
}
function send(file) {
  return new Promise((finish) => {
    const request = new XMLHttpRequest();
    request.open("POST", drop.dataset.url);
    request.setRequestHeader("X-CSRFToken", token);
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => { bar.value = (done + event.loaded / event.total) / (done + waiting.length); };
    request.onload = () => { answered(request, file); finish(); };
    request.onerror = () => { refused += 1; note(file.name, "连接中断，没有收入，请重试。", true); finish(); };
    const form = new FormData();
    form.append("files", file, file.name);
    request.send(form);
  });
}
async function sendAll(files) {
  waiting.push(...files);
  if (!waiting.length || busy) { if (busy) say(); return; }
  busy = true; box.hidden = false; unfinished.hidden = true;
  while (waiting.length) {
    say(); remember();
    await send(waiting[0]);
    waiting.shift(); done += 1;
    bar.value = done / (done + waiting.length);
  }
  busy = false; remember(); say();
  if (refused) document.querySelector("#refresh").hidden = false; else window.location.reload();
}
function usable(files) {
  for (const file of files) if (descriptions.has(file.name)) { box.hidden = false; note(file.name, "是案卷的说明，不作为卷内文件收入。按说明收入，请用整批导入。"); }
  const path = (file) => file.path ?? (file.webkitRelativePath || file.name);
  return files.filter((file) => !ownFiles.test(file.name) && !descriptions.has(file.name)).sort((a, b) => order.compare(path(a), path(b)));
}
async function entriesOf(directory) {
  const reader = directory.createReader();
  const found = [];
  for (;;) { // a reader gives a hundred at a time
    const some = await new Promise((give, fail) => reader.readEntries(give, fail));
    if (!some.length) return found;
    found.push(...some);
  }
}
async function filesOf(entry) {
  if (entry.isFile) {
    const file = await new Promise((give, fail) => entry.file(give, fail));
    file.path = entry.fullPath;
    return [file];
  }
  const inner = await entriesOf(entry);
  return (await Promise.all(inner.map(filesOf))).flat();
}
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const plain = [...transfer.files]; // both are empty once the event is over: they are read before anything waits
  if (!entries.length) { sendAll(usable(plain)); return; }
  try {
    sendAll(usable((await Promise.all(entries.map(filesOf))).flat()));
  } catch {
    box.hidden = false; note("文件夹", "有文件无法读取，没有收入。请用“选择文件夹”重试。", true);
  }
}
input.addEventListener("change", () => sendAll(usable([...input.files])));
pick.hidden = false;
document.querySelector("#plain-files").hidden = true;
document.querySelector("#pick-files").hidden = false;
document.querySelector("#pick-files").addEventListener("click", () => input.click());
pick.addEventListener("click", () => folder.click());
folder.addEventListener("change", () => sendAll(usable([...folder.files])));
for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove("over"); });
drop.addEventListener("drop", (event) => dropped(event.dataTransfer));
window.addEventListener("beforeunload", (event) => { if (busy && waiting.length) event.preventDefault(); });

const left = JSON.parse(sessionStorage.getItem(memory) ?? "[]");
if (left.length) {
  unfinished.textContent = `上次还有 ${left.length} 个文件没有收入：${left.slice(0, 5).join("、")}${left.length > 5 ? "等" : ""}。请重新选择同一批文件或文件夹，已收入的会自动跳过。`;
  unfinished.hidden = false;
  sessionStorage.removeItem(memory);
}

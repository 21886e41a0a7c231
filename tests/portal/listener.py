"""A real program for speech: pocketsphinx with the English model that comes with it, told which words there are.

python listener.py MODEL SOUND      prints a transcript with a cue for each word
"""

from __future__ import annotations

import sys
import tempfile
import wave
from pathlib import Path

from pocketsphinx import Decoder

WORDS = ("stop", "boat", "show", "permit", "river", "sand", "the", "and", "me", "your")
GRAMMAR = f"#JSGF V1.0;\ngrammar said;\npublic <said> = ({' | '.join(WORDS)})+;\n"
FRAMES_A_SECOND = 100


def main(model: Path, sound: Path) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".gram") as grammar:
        grammar.write(GRAMMAR)
        grammar.flush()
        names = {"hmm": str(model / "en-us"), "dict": str(model / "cmudict-en-us.dict"), "jsgf": grammar.name}
        decoder = Decoder(**names, lm=None, loglevel="FATAL")
        with wave.open(str(sound)) as read:
            decoder.start_utt()
            decoder.process_raw(read.readframes(read.getnframes()), full_utt=True)
            decoder.end_utt()
    cues = ["WEBVTT\n"]
    for part in decoder.seg() or ():
        if not part.word.startswith(("<", "[")):
            begin, end = (f"00:{frame // FRAMES_A_SECOND:02d}.000" for frame in (part.start_frame, part.end_frame))
            cues.append(f"{begin} --> {end}\n{part.word.partition('(')[0]}\n")
    sys.stdout.write("\n".join(cues))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

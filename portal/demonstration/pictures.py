"""Scenes drawn for the photographs and films of the demonstration: river, dredger, pump house, meter and so on.

A scene is a list of drawing steps on a sky-and-ground background. Every picture bears a caption plate with the
time, and the word 演示.
"""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import pylopdf_fonts_zh_cn as fonts
from PIL import ExifTags, Image, ImageDraw, ImageFilter, ImageFont

if TYPE_CHECKING:
    from datetime import datetime

SIZE = (1280, 960)
HORIZON = 380
Step = Callable[[ImageDraw.ImageDraw, random.Random], None]
Colour = tuple[int, int, int]


def scene(name: str, caption: str, size: tuple[int, int] = SIZE) -> Image.Image:
    """The scene of that name with its caption plate; the caption is also the seed of its accidents."""
    chance = random.Random(f"{name}/{caption}")  # noqa: S311 - accidents of a picture
    ground, steps = SCENES[name]
    picture = _background(ground)
    draw = ImageDraw.Draw(picture)
    for step in steps:
        step(draw, chance)
    grain = Image.frombytes("L", SIZE, chance.randbytes(SIZE[0] * SIZE[1])).convert("RGB")
    picture = Image.blend(picture.filter(ImageFilter.BoxBlur(1)), grain, 0.04)
    _plate(picture, caption)
    return picture if size == SIZE else picture.resize(size, Image.Resampling.LANCZOS)


def jpeg(picture: Image.Image, taken: datetime | None = None) -> bytes:
    """The picture as a camera's JPEG, with camera, time and place in its EXIF data when a time is given."""
    exif = Image.Exif()
    if taken is not None:
        stamp = taken.strftime("%Y:%m:%d %H:%M:%S")
        exif[ExifTags.Base.Make] = "ANJUAN DEMO"
        exif[ExifTags.Base.Model] = "ZF-2 body-worn"
        exif[ExifTags.Base.DateTime] = stamp
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = stamp
        place = exif.get_ifd(ExifTags.IFD.GPSInfo)
        place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLatitude] = "N", (38.0, 14.0, 21.5)
        place[ExifTags.GPS.GPSLongitudeRef], place[ExifTags.GPS.GPSLongitude] = "E", (114.0, 31.0, 6.25)
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=80, exif=exif)
    return target.getvalue()


def png(picture: Image.Image) -> bytes:
    """The picture as a PNG of 256 colours, as screenshots and drawings are kept."""
    target = io.BytesIO()
    picture.quantize(64).save(target, "PNG")
    return target.getvalue()


def font(size: int) -> ImageFont.FreeTypeFont:
    """The sans face of the package."""
    return ImageFont.truetype(str(fonts.sans_path()), size)


def _plate(picture: Image.Image, caption: str) -> None:
    draw = ImageDraw.Draw(picture, "RGBA")
    draw.rectangle((0, SIZE[1] - 92, SIZE[0], SIZE[1]), fill=(16, 20, 28, 190))
    draw.text((24, SIZE[1] - 74), caption, font=font(36), fill=(255, 226, 120))
    draw.rectangle((SIZE[0] - 150, 20, SIZE[0] - 22, 78), fill=(255, 255, 255, 170))
    draw.text((SIZE[0] - 132, 24), "演示", font=font(44), fill=(160, 30, 30))


def _background(ground: Colour) -> Image.Image:
    picture = Image.new("RGB", SIZE)
    draw = ImageDraw.Draw(picture)
    for y in range(SIZE[1]):
        part = y / HORIZON
        sky = (int(120 + 95 * part), int(165 + 60 * part), int(215 + 25 * part))
        depth = (y - HORIZON) / (SIZE[1] - HORIZON)
        earth = (
            int(ground[0] * (1.1 - 0.35 * depth)),
            int(ground[1] * (1.1 - 0.35 * depth)),
            int(ground[2] * (1.1 - 0.35 * depth)),
        )
        draw.line((0, y, SIZE[0], y), fill=sky if y < HORIZON else earth)
    return picture


def _hills(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    for shade, height in (((142, 158, 160), 90), ((112, 134, 122), 55)):
        phase = chance.uniform(0, 6)
        ridge = [(x, HORIZON - height * (0.6 + 0.4 * math.sin(x / 170 + phase))) for x in range(0, SIZE[0] + 40, 40)]
        draw.polygon([(0, HORIZON + 4), *ridge, (SIZE[0], HORIZON + 4)], fill=shade)


def _water(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    draw.polygon([(0, 470), (SIZE[0], 420), (SIZE[0], 800), (0, 900)], fill=(96, 132, 140))
    for _ in range(260):
        x, y = chance.randrange(SIZE[0]), chance.randrange(470, 820)
        width = 12 + (y - 440) // 6
        tone = chance.randrange(-18, 26)
        draw.line((x, y, x + width, y - 1), fill=(104 + tone, 142 + tone, 150 + tone), width=2)


def _bank(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    draw.polygon([(0, 900), (SIZE[0], 800), (SIZE[0], 960), (0, 960)], fill=(150, 134, 100))
    for _ in range(150):
        x, y = chance.randrange(SIZE[0]), chance.randrange(840, 955)
        draw.line((x, y, x + chance.randrange(-5, 6), y - chance.randrange(8, 22)), fill=(96, 122, 62), width=2)


def _sand(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    for left, top, width in ((80, 640, 420), (380, 690, 360)):
        draw.polygon([(left, 880), (left + width // 2, top), (left + width, 880)], fill=(206, 182, 130))
        draw.polygon(
            [(left + width // 2, top), (left + width, 880), (left + width * 2 // 3, 880)], fill=(178, 152, 104)
        )
    for _ in range(700):
        x, y = chance.randrange(90, 730), chance.randrange(740, 880)
        draw.point((x, y), fill=(120, 104, 74))


def _dredger(draw: ImageDraw.ImageDraw, _chance: random.Random) -> None:
    draw.polygon([(560, 600), (1120, 590), (1080, 680), (600, 690)], fill=(120, 52, 42))
    draw.rectangle((640, 480, 800, 596), fill=(222, 214, 196))
    for n in range(3):
        draw.rectangle((656 + n * 48, 504, 688 + n * 48, 536), fill=(70, 96, 118))
    draw.line((900, 590, 1010, 380, 1180, 520), fill=(212, 160, 30), width=16, joint="curve")
    draw.line((1180, 520, 1196, 640), fill=(60, 60, 60), width=4)
    draw.polygon([(1166, 640), (1226, 640), (1212, 690), (1180, 690)], fill=(74, 74, 78))
    draw.line((560, 610, 420, 700, 300, 720), fill=(64, 64, 66), width=16, joint="curve")
    draw.text((820, 622), "演采 0520", font=font(34), fill=(240, 236, 224))


def _truck(draw: ImageDraw.ImageDraw, _chance: random.Random) -> None:
    draw.polygon([(620, 640), (1010, 640), (980, 780), (640, 780)], fill=(172, 60, 44))
    draw.polygon([(640, 640), (800, 560), (1000, 640)], fill=(198, 174, 124))
    draw.rectangle((1010, 620, 1150, 790), fill=(196, 72, 52))
    draw.rectangle((1056, 640, 1144, 706), fill=(150, 184, 200))
    for x in (700, 800, 1070):
        draw.ellipse((x - 46, 760, x + 46, 852), fill=(34, 34, 36))
        draw.ellipse((x - 18, 788, x + 18, 824), fill=(130, 130, 132))
    draw.rectangle((1030, 742, 1150, 776), fill=(232, 186, 40))
    draw.text((1036, 744), "冀A·D0520", font=font(22), fill=(20, 20, 20))


def _pump_house(draw: ImageDraw.ImageDraw, _chance: random.Random) -> None:
    draw.rectangle((240, 460, 760, 820), fill=(214, 204, 188))
    draw.polygon([(210, 460), (500, 330), (790, 460)], fill=(140, 66, 52))
    draw.rectangle((420, 590, 580, 820), fill=(70, 92, 84))
    draw.rectangle((280, 540, 370, 630), fill=(90, 120, 142))
    draw.rectangle((640, 540, 730, 630), fill=(90, 120, 142))
    draw.line((760, 760, 980, 760, 980, 860), fill=(48, 88, 140), width=34, joint="curve")
    draw.text((410, 480), "2号取水井", font=font(38), fill=(60, 40, 34))


def _meter(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    draw.rectangle((0, 520, SIZE[0], 640), fill=(44, 84, 136))
    draw.ellipse((400, 240, 880, 720), fill=(60, 66, 74))
    draw.ellipse((436, 276, 844, 684), fill=(236, 238, 232))
    draw.rectangle((500, 400, 780, 470), fill=(24, 28, 30))
    draw.text((514, 402), f"{chance.randrange(100000, 999999):08d}", font=font(54), fill=(120, 240, 150))
    draw.text((580, 492), "累计流量 m³", font=font(26), fill=(50, 50, 50))
    draw.text((560, 552), "DN150 演示水表", font=font(28), fill=(50, 50, 50))
    for n in range(40):
        angle = n * math.pi / 20
        inner, outer = 188, 200
        draw.line(
            (
                640 + inner * math.cos(angle),
                480 + inner * math.sin(angle),
                640 + outer * math.cos(angle),
                480 + outer * math.sin(angle),
            ),
            fill=(60, 60, 60),
            width=3,
        )


def _shed(draw: ImageDraw.ImageDraw, _chance: random.Random) -> None:
    draw.rectangle((360, 440, 1010, 760), fill=(176, 186, 194))
    draw.polygon([(330, 440), (690, 350), (1040, 440)], fill=(58, 104, 150))
    for x in range(360, 1010, 26):
        draw.line((x, 440, x, 760), fill=(150, 160, 168), width=2)
    draw.rectangle((560, 570, 760, 760), fill=(92, 98, 104))
    for x in range(340, 1060, 90):
        draw.rectangle((x, 760, x + 22, 850), fill=(120, 112, 104))


def _strip(draw: ImageDraw.ImageDraw, _chance: random.Random) -> None:
    """The sealing strip over a door."""
    for turn in (-1, 1):
        draw.polygon(
            [(500, 660 - 60 * turn), (830, 660 + 60 * turn), (830, 706 + 60 * turn), (500, 706 - 60 * turn)],
            fill=(246, 244, 238),
        )
    draw.rectangle((600, 650, 730, 716), fill=(246, 244, 238))
    draw.text((606, 654), "封 条", font=font(46), fill=(180, 30, 30))


def _excavator(draw: ImageDraw.ImageDraw, _chance: random.Random) -> None:
    draw.rectangle((160, 760, 460, 830), fill=(44, 44, 46))
    draw.rectangle((190, 660, 430, 766), fill=(224, 166, 28))
    draw.rectangle((330, 570, 430, 664), fill=(232, 182, 60))
    draw.rectangle((350, 590, 416, 650), fill=(140, 176, 194))
    draw.line((420, 650, 560, 440, 700, 520), fill=(220, 160, 24), width=26, joint="curve")
    draw.polygon([(670, 500), (740, 520), (720, 600), (660, 580)], fill=(70, 70, 72))


def _rubble(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    for _ in range(90):
        x, y, r = chance.randrange(560, 1180), chance.randrange(700, 860), chance.randrange(8, 34)
        tone = chance.randrange(120, 190)
        draw.polygon([(x - r, y + r // 2), (x, y - r // 2), (x + r, y + r // 3)], fill=(tone, tone - 8, tone - 18))


def _door(draw: ImageDraw.ImageDraw, _chance: random.Random) -> None:
    draw.rectangle((0, 0, SIZE[0], SIZE[1]), fill=(198, 190, 178))
    draw.rectangle((420, 120, 860, 860), fill=(96, 60, 44))
    draw.rectangle((470, 180, 620, 480), fill=(112, 74, 56))
    draw.rectangle((660, 180, 810, 480), fill=(112, 74, 56))
    draw.ellipse((800, 520, 836, 556), fill=(210, 180, 90))
    draw.rectangle((520, 540, 720, 790), fill=(250, 250, 246))
    draw.text((540, 560), "行政处罚\n决定书", font=font(38), fill=(30, 30, 30))
    for y in range(670, 770, 20):
        draw.line((540, y, 700, y), fill=(120, 120, 120), width=3)


def _board(draw: ImageDraw.ImageDraw, _chance: random.Random) -> None:
    draw.rectangle((180, 160, 1100, 780), fill=(128, 128, 132))
    draw.rectangle((210, 190, 1070, 750), fill=(226, 230, 226))
    draw.text((470, 210), "公 告 栏", font=font(64), fill=(170, 30, 30))
    for left in (250, 540, 830):
        draw.rectangle((left, 320, left + 220, 700), fill=(252, 252, 248))
        for y in range(400, 680, 24):
            draw.line((left + 20, y, left + 200, y), fill=(130, 130, 130), width=3)
        draw.text((left + 66, 340), "公告", font=font(40), fill=(30, 30, 30))
    for x in (230, 1010):
        draw.rectangle((x, 780, x + 40, 900), fill=(110, 110, 114))


def _hall(draw: ImageDraw.ImageDraw, _chance: random.Random) -> None:
    draw.rectangle((0, 0, SIZE[0], SIZE[1]), fill=(214, 206, 192))
    draw.rectangle((260, 100, 1020, 190), fill=(168, 34, 34))
    draw.text((430, 112), "行政处罚听证会", font=font(56), fill=(255, 226, 120))
    for left in (120, 460, 800):
        draw.rectangle((left, 560, left + 300, 760), fill=(120, 82, 54))
        draw.ellipse((left + 104, 340, left + 196, 440), fill=(214, 176, 148))
        draw.polygon([(left + 50, 560), (left + 100, 440), (left + 200, 440), (left + 250, 560)], fill=(54, 70, 104))
    for left, word in ((170, "调查人"), (510, "主持人"), (850, "当事人")):
        draw.rectangle((left + 20, 590, left + 180, 650), fill=(250, 250, 246))
        draw.text((left + 44, 594), word, font=font(36), fill=(30, 30, 30))


def _sample(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    draw.rectangle((0, 0, SIZE[0], SIZE[1]), fill=(150, 140, 124))
    for left in (220, 640):
        draw.polygon([(left, 300), (left + 360, 280), (left + 380, 800), (left - 20, 810)], fill=(222, 226, 226))
        draw.polygon([(left + 10, 480), (left + 366, 470), (left + 372, 790), (left - 8, 800)], fill=(196, 170, 118))
        for _ in range(900):
            x, y = left + chance.randrange(10, 360), chance.randrange(490, 780)
            draw.ellipse((x, y, x + 3, y + 3), fill=(chance.randrange(110, 210), 140, 96))
        draw.rectangle((left + 70, 340, left + 300, 430), fill=(250, 250, 246))
        draw.text((left + 86, 356), "砂样 演示", font=font(40), fill=(30, 30, 30))


def _well(draw: ImageDraw.ImageDraw, _chance: random.Random) -> None:
    draw.ellipse((420, 620, 860, 800), fill=(120, 118, 114))
    draw.ellipse((480, 645, 800, 765), fill=(40, 44, 48))
    draw.rectangle((610, 330, 670, 720), fill=(52, 92, 144))
    draw.line((640, 350, 980, 350, 980, 900), fill=(52, 92, 144), width=40, joint="curve")
    draw.rectangle((860, 470, 1000, 560), fill=(190, 60, 50))


def _weir(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    draw.polygon([(140, 900), (560, 520), (660, 516), (330, 930)], fill=(134, 112, 82))
    for n in range(28):
        x, y = 170 + n * 15, 880 - n * 13
        draw.ellipse((x, y, x + 44 - n // 2, y + 26), fill=(150 + chance.randrange(20), 132, 100))
    draw.line((330, 930, 660, 516), fill=(206, 214, 218), width=6)


def _station(draw: ImageDraw.ImageDraw, _chance: random.Random) -> None:
    """A rain gauge station with a broken panel."""
    draw.rectangle((520, 430, 790, 800), fill=(208, 210, 206))
    draw.rectangle((560, 500, 750, 640), fill=(150, 156, 160))
    draw.line((860, 800, 860, 360), fill=(120, 122, 124), width=18)
    draw.polygon([(770, 360), (960, 250), (990, 330), (800, 440)], fill=(34, 52, 96))
    for start, end in (
        ((860, 330), (800, 420)),
        ((870, 320), (970, 330)),
        ((866, 326), (900, 270)),
        ((860, 330), (940, 360)),
    ):
        draw.line((*start, *end), fill=(226, 232, 240), width=4)
    draw.rectangle((330, 620, 410, 800), fill=(178, 182, 186))
    draw.ellipse((318, 600, 422, 650), fill=(150, 154, 158))
    draw.text((540, 440), "演示雨量站", font=font(44), fill=(40, 60, 90))


def _dam(draw: ImageDraw.ImageDraw, _chance: random.Random) -> None:
    draw.polygon([(180, 330), (1100, 330), (1220, 640), (60, 640)], fill=(168, 168, 164))
    for left in (420, 580, 740):
        draw.rectangle((left, 400, left + 100, 640), fill=(120, 150, 164))
        draw.rectangle((left + 8, 400, left + 92, 470), fill=(84, 92, 98))
    draw.rectangle((180, 300, 1100, 334), fill=(140, 140, 138))
    for x in range(200, 1100, 60):
        draw.line((x, 276, x, 300), fill=(110, 110, 110), width=4)


def _map(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    """A plan seen from above: parcels, a road, the river, and one parcel outlined in red."""
    draw.rectangle((0, 0, *SIZE), fill=(172, 178, 138))
    for _ in range(46):
        x, y = chance.randrange(-60, SIZE[0]), chance.randrange(-60, SIZE[1])
        tone = chance.randrange(-26, 26)
        draw.rectangle(
            (x, y, x + chance.randrange(60, 220), y + chance.randrange(50, 160)), fill=(164 + tone, 172 + tone, 128)
        )
    draw.line((0, 760, 300, 690, 700, 760, 1280, 640), fill=(110, 148, 170), width=64, joint="curve")
    draw.line((180, 0, 420, 520, 1280, 420), fill=(226, 222, 210), width=22, joint="curve")
    draw.polygon([(540, 180), (900, 150), (930, 350), (570, 380)], fill=(188, 160, 120), outline=(200, 30, 30), width=8)
    draw.polygon([(1180, 60), (1200, 130), (1180, 112), (1160, 130)], fill=(40, 40, 40))
    draw.text((1164, 134), "北", font=font(32), fill=(40, 40, 40))


SCENES: dict[str, tuple[Colour, tuple[Step, ...]]] = {
    "river": ((146, 150, 104), (_hills, _water, _bank)),
    "dredger": ((146, 150, 104), (_hills, _water, _dredger, _bank)),
    "sand": ((168, 150, 112), (_hills, _water, _bank, _sand)),
    "truck": ((168, 150, 112), (_hills, _sand, _truck)),
    "sample": ((168, 150, 112), (_sample,)),
    "pump_house": ((140, 148, 104), (_hills, _pump_house)),
    "well": ((150, 144, 110), (_hills, _well)),
    "meter": ((120, 124, 126), (_meter,)),
    "shed": ((150, 146, 104), (_hills, _water, _shed, _bank)),
    "sealed_shed": ((150, 146, 104), (_hills, _water, _shed, _bank, _strip)),
    "removal": ((150, 146, 104), (_hills, _water, _rubble, _excavator)),
    "rubble": ((150, 146, 104), (_hills, _water, _bank, _rubble)),
    "weir": ((146, 150, 104), (_hills, _water, _weir, _bank)),
    "station": ((146, 150, 104), (_hills, _station)),
    "dam": ((146, 150, 104), (_hills, _water, _dam, _bank)),
    "map": ((146, 150, 104), (_map,)),
    "cleared": ((150, 156, 104), (_hills, _water, _bank)),
    "door": ((150, 146, 104), (_door,)),
    "board": ((150, 146, 130), (_hills, _board)),
    "hall": ((150, 146, 130), (_hall,)),
}

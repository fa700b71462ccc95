"""Which encoding a text that is not Unicode has: charset-normalizer finds the script, our own count of letters tells Latin ones apart.

Short lists of names decode without a fault in half a dozen Latin encodings, and charset-normalizer then takes the first by name.
"""

from __future__ import annotations

from charset_normalizer import from_bytes

# In the order in which a tie is decided, with the letters and signs that texts in them have.
_WESTERN = frozenset("äöüßéèêàçñáíóúâîôûëïåøæœãõìòùÿÄÖÜÉÈÀÇÑÁÍÓÚÂÅØÆŒ’‘“”–—…€£§°«»½¿¡ºª®©™²³µ")
_LATIN = {
    "cp1252": _WESTERN,
    "cp1250": frozenset("ąćęłńóśźżáčďéěíňřšťúůýžäöüßőűăâîşţĄĆĘŁŃÓŚŹŻÁČĎÉĚÍŇŘŠŤÚŮÝŽÄÖÜŐŰ’„”–€"),
    "cp1254": frozenset("çğıöşüâîÇĞİÖŞÜ’–€"),
    "cp1257": frozenset("āčēģīķļņšūžąęėįųõäöüĀČĒĢĪĶĻŅŠŪŽĄĘĖĮŲÕÄÖÜ’–€"),
    "mac_roman": _WESTERN,
    "cp850": _WESTERN,
}
_OTHERS = ("cp1251", "cp1253", "cp1255", "cp1256", "cp874", "shift_jis", "euc_jp", "gb18030", "big5", "cp949", "koi8_r")


def guess_encoding(data: bytes) -> str:
    """The likeliest encoding of bytes that are not UTF-8."""
    scores = {name: _plausible(data.decode(name, "replace"), letters) for name, letters in _LATIN.items()}
    latin = max(scores, key=lambda name: scores[name])  # the first of equals
    best = from_bytes(data, cp_isolation=[*_LATIN, *_OTHERS]).best()
    if best is None or scores[latin] > 0.9 or not {best.encoding, *best.could_be_from_charset} <= {*_OTHERS}:
        return latin
    return best.encoding


def _plausible(text: str, letters: frozenset[str]) -> float:
    """The share of characters beyond ASCII that are usual, and where they usually are: no capital or sign inside a word."""
    odd = usual = 0
    for place, sign in enumerate(text):
        if sign.isascii():
            continue
        odd += 1
        before, after = text[place - 1 : place], text[place + 1 : place + 2]
        inside = before.islower() or (not sign.isalpha() and after.isalpha() and sign not in "‘“„«¿¡’")
        if sign in letters and not (inside and not sign.islower() and sign not in "’”»“–…°ºª®™²³€"):
            usual += 1
    return usual / odd if odd else 1.0

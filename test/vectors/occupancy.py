"""Makes or checks test/vectors/occupancy.json with Python's cryptography and nothing of this package:

    python3 test/vectors/occupancy.py          compares, and fails on a difference
    python3 test/vectors/occupancy.py --write  writes the file
"""
import json
import struct
import sys
from pathlib import Path

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PATH = Path(__file__).with_name("occupancy.json")
MASTER = bytes(range(32))
SALT = bytes([7]) * 32
NONCE = bytes([9]) * 12


def derive(prefix, purpose, epoch):
    info = f"{prefix}|{purpose}|{epoch}".encode()
    return HKDF(hashes.SHA256(), 32, SALT, info).derive(MASTER)


def cell_key(index_key, scope, slot, identity):
    mac = hmac.HMAC(index_key, hashes.SHA256())
    mac.update(struct.pack(">BHI", scope, len(identity), slot) + identity)
    return mac.finalize()


def label(kw, counter):
    # One block of AES by itself, not counter mode: the labels must be the same either way.
    cipher = Cipher(algorithms.AES(kw), modes.ECB()).encryptor()
    return cipher.update(counter.to_bytes(16, "big")) + cipher.finalize()


def record(mac, start, duration, name):
    return struct.pack(">B6sIIB24s", 1, mac, start, duration, len(name), name)


def case(prefix, epoch, scope, slot, identity, counters, session):
    index_key, record_key = derive(prefix, "idx", epoch), derive(prefix, "rec", epoch)
    kw = cell_key(index_key, scope, slot, identity)
    mac, start, duration, name = session
    plain = record(mac, start, duration, name)
    first = label(kw, counters[0])
    return {
        "prefix": prefix,
        "epoch": epoch,
        "indexKey": index_key.hex(),
        "recordKey": record_key.hex(),
        "rollUpKey": derive(prefix, "hll", epoch).hex(),
        "scope": scope,
        "slot": slot,
        "id": identity.hex(),
        "cellKey": kw.hex(),
        "labels": {str(counter): label(kw, counter).hex() for counter in counters},
        "session": {"mac": mac.hex(), "start": start, "duration": duration, "ap": name.decode()},
        "record": plain.hex(),
        "value": (NONCE + AESGCM(record_key).encrypt(NONCE, plain, first)).hex(),
    }


def vectors():
    mac = bytes.fromhex("020000001234")
    cases = []
    for prefix in ("nr-iotsec/wifi/v1", "redoubt/wifi/v1"):
        session = (mac, 1785600000, 600, b"ap-1")
        cases.append(case(prefix, "202611", 1, 496000, b"ap-1", [0, 1, 2, 63, 1000], session))
        cases.append(case(prefix, "202608", 2, 20666, mac, [0, 5], session))
        open_session = (mac, 1793491199, 0xFFFFFFFF, "Café 3. OG".encode())
        cases.append(case(prefix, "202610", 3, 20757, "Café 3. OG".encode(), [0, 4294967296], open_session))
    return {"master": MASTER.hex(), "salt": SALT.hex(), "nonce": NONCE.hex(), "cases": cases}


text = json.dumps(vectors(), indent=2, ensure_ascii=False) + "\n"
if "--write" in sys.argv[1:]:
    PATH.write_text(text)
elif json.loads(PATH.read_text()) != json.loads(text):
    sys.exit("occupancy.json differs from what Python computes")

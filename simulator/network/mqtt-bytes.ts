// The few MQTT 3.1.1 packets that the simulated house needs.

const text = (value: string) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
};

/** @param body shorter than 128 bytes. */
const packet = (type: number, ...body: Buffer[]) => {
  const rest = Buffer.concat(body);
  return Buffer.concat([Buffer.from([type, rest.length]), rest]);
};

export function mqttConnect(clientId: string, username: string, password: string): Buffer {
  // Level 4, clean session with name and password, keep-alive of 60 s.
  return packet(0x10, text("MQTT"), Buffer.from([4, 0xc2, 0, 60]), text(clientId), text(username), text(password));
}

/** @param code 0: accepted, 5: not authorised. */
export function mqttConnack(code: number): Buffer {
  return packet(0x20, Buffer.from([0, code]));
}

export function mqttPublish(topic: string, payload: string): Buffer {
  return packet(0x30, text(topic), Buffer.from(payload));
}

export function mqttDisconnect(): Buffer {
  return packet(0xe0);
}

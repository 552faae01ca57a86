// What is decided when the firmware is built. Each one may be given by platformio.ini as -D.
#pragma once

#include <stdint.h>

// Pins of a sensor that is not wired are -1: what is not there is not in the readings.
#ifndef REDOUBT_PIN_DHT22
#define REDOUBT_PIN_DHT22 4
#endif
#ifndef REDOUBT_PIN_DS18B20
#define REDOUBT_PIN_DS18B20 5
#endif
#ifndef REDOUBT_PIN_MOTION
#define REDOUBT_PIN_MOTION 27
#endif
/** Analogue pins must be of ADC1: ADC2 does not work while the radio is on. */
#ifndef REDOUBT_PIN_LIGHT
#define REDOUBT_PIN_LIGHT 34
#endif
#ifndef REDOUBT_PIN_BATTERY
#define REDOUBT_PIN_BATTERY 35
#endif
/** Switched by the commands fan_on and fan_off. */
#ifndef REDOUBT_PIN_RELAY
#define REDOUBT_PIN_RELAY 26
#endif
#ifndef REDOUBT_PIN_LED
#define REDOUBT_PIN_LED 2
#endif
/** Pressed (to ground) at the start: the set-up page is opened. */
#ifndef REDOUBT_PIN_SETUP
#define REDOUBT_PIN_SETUP 0
#endif

/** The battery's voltage is this often that at its pin: 2 for a divider of two equal resistors. */
#ifndef REDOUBT_BATTERY_DIVIDER
#define REDOUBT_BATTERY_DIVIDER 2.0f
#endif

/** Readings that wait in memory while there is no connection; beyond it the oldest one is dropped and counted. */
#ifndef REDOUBT_OUTBOX_READINGS
#define REDOUBT_OUTBOX_READINGS 64
#endif

#ifndef REDOUBT_WATCHDOG_SEC
#define REDOUBT_WATCHDOG_SEC 30
#endif

/** Version of this firmware; an update must have a greater one. */
#ifndef REDOUBT_FIRMWARE_VERSION
#define REDOUBT_FIRMWARE_VERSION 1
#endif

/** MQTT without TLS, to this machine's own address only. For the virtual device on a host; never for a board. */
#ifndef REDOUBT_PLAIN_MQTT_ON_LOOPBACK
#define REDOUBT_PLAIN_MQTT_ON_LOOPBACK 0
#endif

/** 0; or 2 or 3 for the wire formats of two older systems, see legacy/legacy.h. For interoperability tests only. */
#ifndef REDOUBT_LEGACY
#define REDOUBT_LEGACY 0
#endif

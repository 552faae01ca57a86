/** Physical constants of the simulated room. */
export interface PlantParameters {
  /** Electrical power of an idle and of a fully loaded rack, kW. */
  idleKw: number;
  peakKw: number;
  /** Lag of servers and chassis: several minutes (ASME InterPACK 2013, V002T09A024). */
  serverTauSec: number;
  /** Mixing of the air in front of the rack. */
  airTauSec: number;
  /** The CRAC's actuator. */
  cracTauSec: number;
  /** Temperature rise of the air through a fully loaded rack, K. */
  airRiseK: number;
  /** Share of a rack's exhaust that reaches the sensed inlet, 0..1 (supply heat index, AIAA-2002-3091). */
  recirculation: number;
  /** Everything else that moves the inlet: Ornstein-Uhlenbeck, stationary deviation in K and correlation time in s. */
  disturbanceSdK: number;
  disturbanceTauSec: number;
  /** A sensor like the DS18B20: normal noise, then 12-bit steps of 1/16 K. */
  sensorSdK: number;
  sensorStepK: number;
  /** Range of the supply air and its temperature before the first command, degrees Celsius. */
  minSupplyC: number;
  maxSupplyC: number;
  initialSupplyC: number;
}

export const DEFAULT_PLANT_PARAMETERS: PlantParameters = {
  idleKw: 4,
  peakKw: 10,
  serverTauSec: 240,
  airTauSec: 30,
  cracTauSec: 60,
  airRiseK: 12,
  recirculation: 0.25,
  disturbanceSdK: 0.25,
  disturbanceTauSec: 900,
  sensorSdK: 0.05,
  sensorStepK: 0.0625,
  minSupplyC: 16,
  maxSupplyC: 27,
  initialSupplyC: 22.5,
};

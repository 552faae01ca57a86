// How busy the processor is: at every tick of the system's clock it is noted whether the idle task was running.
#pragma once

void processorLoadBegin();

/** Per cent since the last call; NaN where too few ticks have passed to tell. */
double processorLoad();

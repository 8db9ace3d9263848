// For worker programs: an allocation that meets the memory limit (RLIMIT_DATA) ends the program with a status that says so. Libraries
// that go on without what they did not get would make other pictures of it: h264 takes a frame without memory for a damaged one.
#pragma once

/// From now on. Requests for more than the whole limit are refused as usual: they are claims of media, and no want of memory.
void sluice_watch_allocations(int status);

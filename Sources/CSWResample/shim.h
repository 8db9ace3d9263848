// libswresample for Swift.
#pragma once
// One owner for each shared header: else Swift meets the same enumerators in several modules and finds some in none.
#pragma clang module import CAVUtil
#include <libswresample/swresample.h>

// zimg for Swift.
#pragma once
#include <zimg.h>

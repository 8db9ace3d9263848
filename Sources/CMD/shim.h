// libmd for Swift: SHA-256.
#pragma once
#include <sha2.h>

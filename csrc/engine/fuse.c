/* Rewrites of a recorded program.  None may change a rounding. */
#include "engine/program.h"

pn_status pn_program_fuse(pn_program *p) { return PN_OK; }

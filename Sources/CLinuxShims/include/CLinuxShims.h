#ifndef CLinuxShims_H
#define CLinuxShims_H
#endif

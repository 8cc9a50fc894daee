#ifndef COpenSSLShims_H
#define COpenSSLShims_H
#endif

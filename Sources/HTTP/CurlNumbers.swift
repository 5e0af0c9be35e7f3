/// Options of a handle, by libcurl's numbers, which never change (its ABI policy).
///
/// Those of numbers are below 10,000; texts and pointers follow from there, functions from 20,000.
enum CurlOption: Int32 {
  case writeData = 10_001
  case url = 10_002
  case range = 10_007
  case errorBuffer = 10_010
  case userAgent = 10_018
  case headerFields = 10_023
  case headerData = 10_029
  case certificateFile = 10_065
  case writeFunction = 20_011
  case headerFunction = 20_079
  case lowSpeedLimit = 19
  case lowSpeedTime = 20
  case followsRedirects = 52
  case maximumRedirects = 68
  case connectTimeout = 78
  case noSignals = 99
  case protocols = 181
  case redirectProtocols = 182
}

/// Results of a request that mean that it will fail again.
enum CurlCode {
  static let ok: Int32 = 0
  static let unsupportedProtocol: Int32 = 1
  static let invalidAddress: Int32 = 3
  static let tooManyRedirects: Int32 = 47
  static let untrustedCertificate: Int32 = 60
  static let unreadableCertificateFile: Int32 = 77
}

/// Other numbers of libcurl.
enum CurlConstant {
  static let effectiveAddress: Int32 = 0x100001
  static let initializesAll = 3
  static let http = 1
  static let https = 2
  /// Bytes that a buffer for messages must have.
  static let messageByteCount = 256
}

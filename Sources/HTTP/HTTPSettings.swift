#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How long to wait for a server and how often to ask again.
public struct HTTPSettings: Sendable {
  /// Seconds without an answer or without any byte, after which a request has failed.
  public var timeout: Int
  /// Seconds before each further try of a request that may succeed later.
  public var delays: [Double]
  /// A file of certificates instead of the system's.
  public var certificates: String?

  public init(timeout: Int = 20, delays: [Double] = [0.5, 1, 2, 4, 8], certificates: String? = nil) {
    self.timeout = timeout
    self.delays = delays
    self.certificates = certificates
  }

  /// `HF_HUB_DOWNLOAD_TIMEOUT` seconds, and the certificates of `SSL_CERT_FILE` or `CURL_CA_BUNDLE`, as the hub's own
  /// library and curl read them. libcurl itself reads `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`.
  public static let environment: HTTPSettings = {
    var settings = HTTPSettings()
    if let seconds = variable("HF_HUB_DOWNLOAD_TIMEOUT").flatMap({ Int($0) }), (1...3600).contains(seconds) {
      settings.timeout = seconds
    }
    settings.certificates = variable("SSL_CERT_FILE") ?? variable("CURL_CA_BUNDLE")
    return settings
  }()

  /// A variable of the program's environment; nil also for an empty one.
  public static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}

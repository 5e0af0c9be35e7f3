import HTTP

/// Why a file on a server cannot be read.
public enum RemoteFault: Error, Hashable, Sendable, CustomStringConvertible {
  case http(HTTPFault)
  /// A text that begins like an address and is none.
  case address(expected: String)
  /// The hub may not be asked, and its cache does not have the model.
  case notCached(cache: String)

  public var description: String {
    switch self {
    case .http(let fault): "\(fault)"
    case .address(let expected): "does not name a model, expected \(expected)"
    case .notCached(let cache):
      "is not in the cache \(cache.escapedForDisplay) (unset HF_HUB_OFFLINE to read it from the hub)"
    }
  }
}

import Ingot

/// What a run fetched from servers.
enum RemoteTraffic {
  /// Says so on standard error, if anything was fetched.
  static func report() {
    let traffic = InputLocation.remoteTraffic
    guard traffic.requestCount > 0 else { return }
    StandardStreams.note("fetched \(traffic.byteCount.byteSize) in \(counted(traffic.requestCount, "request"))")
  }
}

import CCurl
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reads files from web servers in ranges, with libcurl; requests may come from any thread.
///
/// Connections are kept and used again. A request that may succeed later is repeated after a pause, from the byte on that
/// arrived last.
public final class HTTPClient: Sendable {
  /// The client of the program, with the settings of its environment.
  public static let shared = HTTPClient()

  private let settings: HTTPSettings
  private let state = Mutex(State())

  private struct State: @unchecked Sendable {
    /// Handles with open connections that no request uses.
    var handles: [UnsafeMutableRawPointer] = []
    var traffic = HTTPTraffic()
  }

  public init(_ settings: HTTPSettings = .environment) { self.settings = settings }

  deinit {
    state.withLock { state in for handle in state.handles { CurlLibrary.loaded?.closeHandle(handle) } }
  }

  /// What was fetched since the start.
  public var traffic: HTTPTraffic { state.withLock { $0.traffic } }

  /// Fetches `buffer.count` bytes of the file at `address` from byte `offset` on into `buffer`.
  ///
  /// - Parameters:
  ///   - fields: header fields such as `Authorization: …`, which are not sent to the server of a redirect.
  ///   - identity: what was said of the file before; an answer about another content is refused.
  /// - Returns: the head of the last answer and the bytes that came; fewer if the file ends.
  public func read(
    _ address: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer, fields: [String] = [],
    of identity: HTTPIdentity? = nil
  ) throws(HTTPFault) -> (response: HTTPResponse, byteCount: Int) {
    var done = 0
    var delays = settings.delays[...]
    var identity = identity
    while true {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let attempt = request(address, fields: fields, from: offset + done, into: rest, of: identity)
      done += attempt.byteCount
      switch attempt.result {
      case .success(let response): return (response, done)
      case .failure(let fault):
        // What arrived is progress: only tries without any count.
        if attempt.byteCount > 0 {
          delays = settings.delays[...]
          identity = identity ?? attempt.identity
        }
        try pause(&delays, after: fault, attempt.suggestedPause)
      }
    }
  }

  /// Fetches a whole answer of at most `limit` bytes, such as a listing.
  public func content(
    of address: String, fields: [String] = [], limit: Int
  ) throws(HTTPFault) -> (response: HTTPResponse, bytes: [UInt8]) {
    // Not an array: memory that no byte comes into is never touched.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: limit, alignment: 1)
    defer { buffer.deallocate() }
    var delays = settings.delays[...]
    while true {
      let attempt = request(address, fields: fields, from: nil, into: buffer, of: nil)
      switch attempt.result {
      case .success(let response): return (response, Array(buffer.prefix(attempt.byteCount)))
      case .failure(let fault): try pause(&delays, after: fault, attempt.suggestedPause)
      }
    }
  }

  /// Waits before the next try.
  ///
  /// - Throws: `fault` if it will not pass, or no try is left.
  private func pause(_ delays: inout ArraySlice<Double>, after fault: HTTPFault, _ asked: Int?) throws(HTTPFault) {
    guard fault.isPassing, let delay = delays.popFirst() else { throw fault }
    // A server may ask for a longer pause, up to a minute.
    let seconds = max(delay, Double(min(60, asked ?? 0)))
    usleep(UInt32(seconds * 1e6))
  }

  /// What came of one request.
  private struct Attempt {
    let result: Result<HTTPResponse, HTTPFault>
    /// Bytes that were written into the buffer.
    var byteCount = 0
    /// What the answer says of the file.
    var identity: HTTPIdentity?
    /// Seconds after which the server wants to be asked again.
    var suggestedPause: Int?
  }

  /// Makes one request and keeps its handle for the next.
  private func request(
    _ address: String, fields: [String], from offset: Int?, into buffer: UnsafeMutableRawBufferPointer,
    of identity: HTTPIdentity?
  ) -> Attempt {
    guard let curl = CurlLibrary.loaded else {
      return Attempt(result: .failure(CurlLibrary.isStatic ? .staticProgram : .noLibrary))
    }
    guard let handle = state.withLock({ $0.handles.popLast() }) ?? curl.makeHandle() else {
      return Attempt(result: .failure(.connection("no memory for a connection")))
    }
    let transfer = Transfer(into: buffer, from: offset, of: identity)
    let range = offset.map { $0...$0 + max(buffer.count, 1) - 1 }
    let result = CurlRequest(curl, handle, settings).perform(address, fields: fields, range: range, transfer)
    state.withLock { state in
      state.handles.append(handle)
      state.traffic.requestCount += 1
      state.traffic.byteCount += transfer.receivedByteCount
    }
    return Attempt(
      result: result, byteCount: transfer.byteCount, identity: transfer.response(from: "").identity,
      suggestedPause: transfer.fields["retry-after"].flatMap { HTTPResponse.number($0[...]) })
  }
}

/// Requests that were made, and the bytes of their bodies that arrived.
public struct HTTPTraffic: Hashable, Sendable {
  public internal(set) var requestCount = 0
  public internal(set) var byteCount = 0
}

import HTTP
import Synchronization

/// A file on a web server, read in ranges.
///
/// Small reads are answered from a window that grows while they follow each other; headers thus cost few requests.
public final class RemoteFile: ByteSource {
  public let path: String
  public let byteCount: Int
  private let address: String
  private let fields: [String]
  private let identity: HTTPIdentity
  /// Records what is read; nil for a file that was opened without a log.
  private let log: ReadLog?
  private let state: Mutex<State>

  fileprivate struct State {
    /// Bytes that were fetched last, and their offset.
    var window: [UInt8], start: Int
    /// Bytes that the next window has.
    var nextCount = RemoteFile.firstWindowByteCount
    /// The server that a redirect led to, asked first from then on.
    var direct: String?
  }

  /// Bytes of the first and the largest window: what a request costs in time is a few hundred kilobytes' worth.
  fileprivate static let firstWindowByteCount = 64 << 10, largestWindowByteCount = 2 << 20

  /// Opens the file at `address`, with its first bytes.
  ///
  /// - Parameters:
  ///   - path: the file in messages.
  ///   - fields: header fields for the server of `address` alone.
  /// - Throws: `FileError.remote`.
  init(_ path: String, address: String, fields: [String] = []) throws(FileError) {
    self.path = path
    self.address = address
    self.fields = fields
    log = ReadLog.current
    var window = [UInt8](repeating: 0, count: Self.firstWindowByteCount)
    let opening: (response: HTTPResponse, byteCount: Int)
    do throws(HTTPFault) {
      var span = window.mutableSpan
      var bytes = span.mutableBytes
      opening = try bytes.withUnsafeMutableBytes { bytes throws(HTTPFault) in
        try HTTPClient.shared.read(address, at: 0, into: bytes, fields: fields)
      }
    } catch {
      throw .remote(path: path, .http(error))
    }
    identity = opening.response.identity
    window.removeLast(window.count - opening.byteCount)
    // Without a size, the file is what came, if it ended within the window.
    let complete = opening.byteCount < Self.firstWindowByteCount ? opening.byteCount : nil
    guard let byteCount = identity.byteCount ?? complete else {
      throw .remote(path: path, .http(.noRanges(byteCount: nil)))
    }
    guard opening.response.status != 200 || byteCount <= window.count else {
      throw .remote(path: path, .http(.noRanges(byteCount: byteCount)))
    }
    guard opening.byteCount == min(byteCount, Self.firstWindowByteCount) else {
      throw .remote(
        path: path,
        .http(.invalid("\(counted(opening.byteCount, "byte")) of a file of \(byteCount.grouped)")))
    }
    self.byteCount = byteCount
    state = Mutex(
      State(window: window, start: 0, direct: opening.response.address == address ? nil : opening.response.address))
    log?.noteOpened(path, byteCount: byteCount)
  }

  /// The tag of the content, if the server names one.
  var entityTag: String? { identity.entityTag }

  public func read(at offset: Int, count: Int, into buffer: inout MutableRawSpan, at position: Int) throws(FileError) {
    guard offset >= 0, count <= byteCount - min(offset, byteCount) else {
      throw .endsEarly(path: path, offset: byteCount, expected: offset + count)
    }
    guard count > 0 else { return }
    log?.noteRead(offset..<offset + count, of: path)
    try buffer.withUnsafeMutableBytes { bytes throws(FileError) in
      let target = UnsafeMutableRawBufferPointer(rebasing: bytes[position..<position + count])
      let nextCount = state.withLock { state in
        state.copy(at: offset, into: target) ? nil : state.windowCount(for: offset)
      }
      guard let windowCount = nextCount else { return }
      guard count < windowCount else { return try fetch(at: offset, into: target) }
      var window = [UInt8](repeating: 0, count: min(windowCount, byteCount - offset))
      try fetch(at: offset, into: &window)
      state.withLock { state in
        state.window = window
        state.start = offset
        _ = state.copy(at: offset, into: target)
      }
    }
  }

  /// Fetches the bytes that `target` has room for.
  private func fetch(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(FileError) {
    do throws(HTTPFault) {
      let result: (response: HTTPResponse, byteCount: Int)
      if let direct = state.withLock({ $0.direct }) {
        result = try read(direct, at: offset, into: target)
      } else {
        result = try HTTPClient.shared.read(address, at: offset, into: target, fields: fields, of: identity)
      }
      guard result.byteCount == target.count else {
        throw HTTPFault.invalid(
          "\(counted(result.byteCount, "byte")) from byte \(offset.grouped) on, expected \(target.count.grouped)")
      }
    } catch {
      throw .remote(path: path, .http(error))
    }
  }

  private func fetch(at offset: Int, into slab: inout [UInt8]) throws(FileError) {
    var span = slab.mutableSpan
    var bytes = span.mutableBytes
    try bytes.withUnsafeMutableBytes { bytes throws(FileError) in try fetch(at: offset, into: bytes) }
  }

  /// Reads from the server of a redirect, whose address may be good for a time only; then the first is asked for another.
  private func read(
    _ direct: String, at offset: Int, into target: UnsafeMutableRawBufferPointer
  ) throws(HTTPFault) -> (response: HTTPResponse, byteCount: Int) {
    do throws(HTTPFault) {
      return try HTTPClient.shared.read(direct, at: offset, into: target, of: identity)
    } catch {
      guard case .status = error else { throw error }
      let result = try HTTPClient.shared.read(address, at: offset, into: target, fields: fields, of: identity)
      state.withLock { $0.direct = result.response.address == address ? nil : result.response.address }
      return result
    }
  }

  /// Asks the server for one byte, with the facts of the opening.
  public func requireUnchanged() throws(FileError) {
    guard byteCount > 0 else { return }
    var byte: [UInt8] = [0]
    try fetch(at: 0, into: &byte)
  }
}

extension RemoteFile.State {
  /// Copies the bytes at `offset` from the window if it has all of them.
  fileprivate func copy(at offset: Int, into target: UnsafeMutableRawBufferPointer) -> Bool {
    guard offset >= start, offset + target.count <= start + window.count else { return false }
    window.withUnsafeBytes { bytes in
      target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[(offset - start)...].prefix(target.count)))
    }
    return true
  }

  /// Returns how many bytes to fetch for a read at `offset`: more and more while reads follow each other.
  fileprivate mutating func windowCount(for offset: Int) -> Int {
    let follows = offset >= start && offset <= start + window.count
    nextCount = follows ? min(RemoteFile.largestWindowByteCount, nextCount * 2) : RemoteFile.firstWindowByteCount
    return nextCount
  }
}

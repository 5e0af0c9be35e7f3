import Foundation
import Synchronization

/// A web server on this machine for tests, with faults on request: it serves bytes by path, in ranges.
public final class WebServer: Sendable {
  /// What the server does wrong once.
  public enum Fault: Sendable {
    case status(Int, fields: [String] = [], body: String = "")
    /// Only so many bytes of the body, then the end of the connection.
    case cutOff(after: Int)
    /// Only so many bytes of the body, the end of the connection, and from then on another file.
    case replacement(after: Int, with: [UInt8])
    /// No answer for some seconds.
    case silence(seconds: Double)
    /// The whole file, whatever range was asked for.
    case whole
    /// Bytes from another place than asked for.
    case otherRange
    /// An answer that is not of HTTP.
    case noise
  }

  /// A request as it came: the path, and fields with names in lower case.
  public struct Request: Sendable {
    public let path: String
    public let fields: [String: String]
  }

  private struct State {
    var files: [String: [UInt8]] = [:]
    var redirects: [String: String] = [:]
    var faults: [String: [Fault]] = [:]
    var requests: [Request] = []
    var version = 0
  }

  /// The start of the server's addresses, without a slash at the end.
  public let address: String
  private let socket: Int32
  private let state: Mutex<State>

  public init(_ files: [String: [UInt8]] = [:]) throws {
    state = Mutex(State(files: files))
    let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var byteCount = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, byteCount) == 0 && listen(socket, 64) == 0 && getsockname(socket, $0, &byteCount) == 0
      }
    }
    guard isListening else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    self.socket = socket
    address = "http://127.0.0.1:\(UInt16(bigEndian: place.sin_port))"
    Thread.detachNewThread { [weak self, socket] in
      while true {
        let connection = accept(socket, nil, nil)
        guard connection >= 0, let server = self else { return }
        Thread.detachNewThread { server.serve(connection) }
      }
    }
  }

  deinit {
    shutdown(socket, Int32(SHUT_RDWR))
    close(socket)
  }

  /// Puts `bytes` at `path`, with another tag than anything had there before.
  public func put(_ bytes: [UInt8], at path: String) {
    state.withLock {
      $0.files[path] = bytes
      $0.version += 1
    }
  }

  public func redirect(_ path: String, to address: String) { state.withLock { $0.redirects[path] = address } }

  /// The next requests for `path` meet these faults, one each.
  public func inject(_ faults: [Fault], at path: String) { state.withLock { $0.faults[path, default: []] += faults } }

  public var requests: [Request] { state.withLock { $0.requests } }

  private func serve(_ connection: Int32) {
    defer { close(connection) }
    var input: [UInt8] = []
    while let head = Self.head(connection, &input) {
      let lines = head.split(separator: "\r\n").map(String.init)
      let words = lines.first?.split(separator: " ") ?? []
      guard words.count == 3 else { return }
      var fields: [String: String] = [:]
      for line in lines.dropFirst() {
        guard let colon = line.firstIndex(of: ":") else { continue }
        fields[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      }
      guard answer(Request(path: String(words[1]), fields: fields), connection) else { return }
    }
  }

  /// Answers a request; false ends the connection.
  private func answer(_ request: Request, _ connection: Int32) -> Bool {
    let (file, redirect, fault, version) = state.withLock { state in
      state.requests.append(request)
      let faults = state.faults[request.path] ?? []
      state.faults[request.path] = Array(faults.dropFirst())
      return (state.files[request.path], state.redirects[request.path], faults.first, state.version)
    }
    switch fault {
    case .status(let status, let fields, let body):
      return send(connection, status, ["Content-Type: text/plain"] + fields, Array(body.utf8))
    case .silence(let seconds):
      Thread.sleep(forTimeInterval: seconds)
      return false
    case .noise:
      _ = Self.write(connection, Array("\u{1}\u{2}nonsense".utf8))
      return false
    case .whole, .otherRange, .cutOff, .replacement, nil: break
    }
    if let redirect { return send(connection, 302, ["Location: \(redirect)"], []) }
    if case .replacement(_, let bytes) = fault { put(bytes, at: request.path) }
    guard let file else { return send(connection, 404, ["Content-Type: text/html"], Array("<h1>no</h1>".utf8)) }
    var fields = ["ETag: \"\(version)-\(file.count)\"", "Accept-Ranges: bytes"]
    guard case .whole = fault else {
      guard let field = request.fields["range"], let range = Self.range(field) else {
        return send(connection, 200, fields, file, cutOff: fault)
      }
      guard range.lowerBound < file.count else {
        return send(connection, 416, ["Content-Range: bytes */\(file.count)"], [])
      }
      var first = range.lowerBound
      let last = min(range.upperBound, file.count - 1)
      if case .otherRange = fault { first = min(first + 1, last) }
      fields.append("Content-Range: bytes \(first)-\(last)/\(file.count)")
      return send(connection, 206, fields, Array(file[first...last]), cutOff: fault)
    }
    return send(connection, 200, fields, file)
  }

  private func send(
    _ connection: Int32, _ status: Int, _ fields: [String], _ body: [UInt8], cutOff fault: Fault? = nil
  ) -> Bool {
    let head = ["HTTP/1.1 \(status) X", "Content-Length: \(body.count)"] + fields
    guard Self.write(connection, Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8)) else { return false }
    switch fault {
    case .cutOff(let count), .replacement(let count, _):
      _ = Self.write(connection, Array(body.prefix(count)))
      return false
    default: return Self.write(connection, body)
    }
  }

  private static func range(_ field: String) -> ClosedRange<Int>? {
    guard field.hasPrefix("bytes=") else { return nil }
    let ends = field.dropFirst(6).split(separator: "-").compactMap { Int($0) }
    return ends.count == 2 && ends[0] <= ends[1] ? ends[0]...ends[1] : nil
  }

  private static func head(_ connection: Int32, _ input: inout [UInt8]) -> String? {
    while true {
      if let end = input.firstRange(of: Array("\r\n\r\n".utf8)) {
        let head = String(decoding: input[..<end.lowerBound], as: UTF8.self)
        input.removeFirst(end.upperBound)
        return head
      }
      var chunk = [UInt8](repeating: 0, count: 4096)
      let count = read(connection, &chunk, chunk.count)
      guard count > 0 else { return nil }
      input += chunk.prefix(count)
    }
  }

  private static func write(_ connection: Int32, _ bytes: [UInt8]) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { Foundation.send(connection, $0.baseAddress, $0.count, noSignal) }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  #if canImport(Darwin)
    private static let noSignal: Int32 = 0
  #else
    private static let noSignal = Int32(MSG_NOSIGNAL)
  #endif
}

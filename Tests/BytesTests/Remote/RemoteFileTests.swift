import Bytes
import HTTP
import Testing
import TestSupport

@Suite("A file on a web server")
struct RemoteFileTests {
  private let bytes = (0..<1_000_003).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }

  private func open(_ server: WebServer, _ path: String = "/model.gguf") throws -> any ByteSource {
    try InputLocation.openFile(server.address + path)
  }

  @Test("has the bytes that the server has, in reads of any place and size")
  func reads() throws {
    let server = try WebServer(["/model.gguf": bytes])
    let file = try open(server)
    #expect(file.byteCount == bytes.count)
    #expect(file.name == "model.gguf")
    var random = SystemRandomNumberGenerator()
    for _ in 0..<60 {
      let start = Int.random(in: 0...bytes.count, using: &random)
      let count = Int.random(in: 0...min(bytes.count - start, 300_000), using: &random)
      let isEqual = try file.bytes(at: start, count: count) == Array(bytes[start..<start + count])
      #expect(isEqual, "\(count) bytes from \(start)")
    }
    #expect(throws: FileError.self) { try file.bytes(at: bytes.count - 1, count: 2) }
    try file.requireUnchanged()
  }

  @Test("is read ahead, so that small reads one after the other cost few requests")
  func readsAhead() throws {
    let server = try WebServer(["/model.gguf": bytes])
    let file = try open(server)
    for start in stride(from: 0, to: bytes.count - 100, by: 100) {
      #expect(try file.bytes(at: start, count: 100) == Array(bytes[start..<start + 100]))
    }
    #expect(server.requests.count < 10)
  }

  @Test("is not fetched twice for what its opening brought")
  func openingBringsTheStart() throws {
    let server = try WebServer(["/model.gguf": bytes, "/small.json": Array("{}".utf8), "/empty": []])
    #expect(try open(server, "/small.json").wholeContent(limit: 10) == Array("{}".utf8))
    #expect(try open(server, "/empty").wholeContent(limit: 10) == [])
    #expect(try open(server).bytes(at: 0, count: 1000) == Array(bytes[..<1000]))
    #expect(server.requests.count == 3)
  }

  @Test("reads ranges at equal distances, with small gaps together")
  func strides() throws {
    let server = try WebServer(["/model.gguf": bytes])
    let file = try open(server)
    for (count, byteCount, offset, stride) in [
      (300, 7, 11, 3000), (4, 10, 5, 200_000), (9, 100, 0, 100), (1, 50, 3, 60), (5, 4, 7, 4), (0, 4, 4, 9),
    ] {
      let ranges = StridedRanges(count: count, byteCount: byteCount, offset: offset, stride: stride)
      var slab: [UInt8] = []
      try file.read(ranges, into: &slab, at: 2)
      let expected = (0..<count).flatMap { bytes[(offset + $0 * stride)...].prefix(byteCount) }
      #expect(Array(slab.dropFirst(2).prefix(count * byteCount)) == expected)
    }
    #expect(server.requests.count < 12)
  }

  @Test("is read by many threads at once")
  func threads() throws {
    let server = try WebServer(["/model.gguf": bytes])
    let file = try open(server)
    try Parallel.forEach(40, threads: 8) { index in
      let start = index * 20_000
      let isEqual = try file.bytes(at: start, count: 20_000) == Array(bytes[start..<start + 20_000])
      #expect(isEqual, "from \(start)")
    }
  }

  @Test(
    "is read in spite of faults that pass",
    arguments: [
      [WebServer.Fault.status(503)], [.status(429, fields: ["Retry-After: 1"])], [.cutOff(after: 0)],
      [.cutOff(after: 1000), .cutOff(after: 70_000), .status(500)], [.status(408), .status(502)],
    ])
  func passingFaults(faults: [WebServer.Fault]) throws {
    let server = try WebServer(["/model.gguf": bytes])
    server.inject(faults, at: "/model.gguf")
    let file = try open(server)
    server.inject(faults, at: "/model.gguf")
    let isEqual = try file.bytes(at: 100_000, count: 800_000) == Array(bytes[100_000..<900_000])
    #expect(isEqual)
  }

  @Test(
    "fails with the server's words where trying again is of no use",
    arguments: [
      (
        WebServer.Fault.status(401, fields: ["X-Error-Message: Access to model x is restricted."]),
        "needs a login, or does not exist: Access to model x is restricted. (set HF_TOKEN"
      ),
      (.status(403), "may not be read by you"),
      (.status(404), "does not exist on the server"),
      (.status(451, body: "blocked\nhere"), "the server answers with status 451: blocked"),
      (.whole, "the server sends files only whole, this one has 1000003 bytes (download it"),
      (.noise, "cannot be read: "),
      (.otherRange, "the server's answer is invalid: bytes from 1 instead of 0"),
    ])
  func lastingFaults(fault: WebServer.Fault, words: String) throws {
    let server = try WebServer(["/model.gguf": bytes])
    server.inject([fault], at: "/model.gguf")
    do {
      _ = try open(server)
      Issue.record("was opened")
    } catch {
      #expect("\(error)".hasPrefix("\(server.address)/model.gguf: \(words)"), "\(error)")
    }
    #expect(server.requests.count == 1)
  }

  @Test("that changes meanwhile is an error, whichever read notices")
  func changes() throws {
    let server = try WebServer(["/model.gguf": bytes])
    let file = try open(server)
    server.put(bytes.reversed(), at: "/model.gguf")
    #expect(throws: FileError.self) { try file.bytes(at: 500_000, count: 10) }
    #expect(throws: FileError.self) { try file.requireUnchanged() }
  }

  @Test("that changes in the middle of a read is an error, with no bytes of either kind")
  func changesWithinRead() throws {
    let server = try WebServer(["/model.gguf": bytes])
    let file = try open(server)
    server.inject([.replacement(after: 10_000, with: bytes.reversed())], at: "/model.gguf")
    let isRefused = (try? file.bytes(at: 100_000, count: 800_000)) == nil
    #expect(isRefused)
  }

  @Test("is read from the server that a redirect leads to, which gets no token, and from a new one when that ends")
  func redirects() throws {
    let store = try WebServer(["/blob?signature=1": bytes, "/blob?signature=2": bytes])
    let hub = try WebServer()
    hub.redirect("/model.gguf", to: store.address + "/blob?signature=1")
    let file = try open(hub)
    #expect(try file.bytes(at: 500_000, count: 99) == Array(bytes[500_000..<500_099]))
    #expect(hub.requests.count == 1, "the second read asks the store directly")
    store.inject([.status(403)], at: "/blob?signature=1")
    hub.redirect("/model.gguf", to: store.address + "/blob?signature=2")
    #expect(try file.bytes(at: 900_000, count: 99) == Array(bytes[900_000..<900_099]))
    #expect(hub.requests.count == 2)
  }

  @Test("on a server that is not there, or behind a loop of redirects, is an error soon")
  func unreachable() throws {
    let server = try WebServer()
    server.redirect("/a", to: server.address + "/a")
    #expect(throws: FileError.self) { try open(server, "/a") }
    #expect(throws: FileError.self) { try InputLocation.openFile("http://") }
    #expect(throws: FileError.self) { try InputLocation.openFile("https://exa mple/x") }
  }
}

import Bytes
import Foundation
import TestSupport
import Testing

/// A server with a model as the hub has it: a list of files, and addresses that lead to a store.
private struct Hub {
  static let commit = String(repeating: "0123456789", count: 4)
  let server: WebServer, store: WebServer
  private let folder = TemporaryFolder()

  /// The files of the folder `fixture` as `org/model`.
  init(fixture: String) throws {
    var files: [String: [UInt8]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: Fixtures.path(fixture)) {
      files[name] = try LocalFile(Fixtures.path(fixture, name)).wholeContent(limit: 1 << 24)
    }
    store = try WebServer(Dictionary(uniqueKeysWithValues: files.map { ("/store/" + $0, $1) }))
    let listing = JSON.members([
      "sha": .string(Self.commit), "siblings": .array(files.keys.sorted().map { .members(["rfilename": .string($0)]) }),
    ])
    server = try WebServer(["/api/models/org/model/revision/main": Array(listing.text().utf8)])
    for name in files.keys {
      server.redirect("/org/model/resolve/\(Self.commit)/\(name)", to: "\(store.address)/store/\(name)")
    }
  }

  /// The variables of a run that asks this server, with an empty cache.
  var environment: [String: String] {
    ["HF_ENDPOINT": server.address, "HF_HOME": folder.path, "HF_TOKEN": "secret", "HF_HUB_DOWNLOAD_TIMEOUT": "5"]
  }

  func run(_ arguments: [String]) throws -> Program.Run { try Program.run(arguments, environment: environment) }
}

extension Program.Run {
  /// The output below the first line, which names the path.
  fileprivate var facts: [Substring] { Array(output.split(separator: "\n").dropFirst()) }
}

@Suite("Models on servers")
struct RemoteTests {
  @Test("inspect reads the headers of a model of the hub, and says what it fetched")
  func inspectHub() throws {
    let hub = try Hub(fixture: "yi")
    let remote = try hub.run(["inspect", "hf:org/model"])
    let local = try Program.run(["inspect", "fixtures/yi"])
    #expect(remote.status == 0, "\(remote.error)")
    #expect(remote.facts == local.facts)
    #expect(remote.error.hasPrefix("fetched "), "\(remote.error)")
    #expect(hub.server.requests.allSatisfy { $0.fields["authorization"] == "Bearer secret" })
    #expect(hub.store.requests.allSatisfy { $0.fields["authorization"] == nil }, "the store is another server")
  }

  @Test("convert writes the bytes that the local folder gives, under the name of the model")
  func convertHub() throws {
    let hub = try Hub(fixture: "yi")
    let folder = TemporaryFolder()
    let remote = try hub.run(["convert", "hf:org/model", "-o", folder.file("remote.gguf"), "--type", "Q8_0"])
    #expect(remote.status == 0, "\(remote.error)")
    // The name of the model comes from that of the folder.
    try FileManager.default.copyItem(atPath: Fixtures.path("yi"), toPath: folder.file("model"))
    let local = try Program.run(["convert", folder.file("model"), "-o", folder.file("local.gguf"), "--type", "Q8_0"])
    #expect(local.status == 0, "\(local.error)")
    let bytes = try ["remote.gguf", "local.gguf"].map { try LocalFile(folder.file($0)).wholeContent(limit: 1 << 24) }
    let isEqual = bytes[0] == bytes[1]
    #expect(isEqual)
  }

  @Test("plan, work and assemble give the bytes of convert, and resume continues")
  func partsOfHub() throws {
    let hub = try Hub(fixture: "yi")
    let folder = TemporaryFolder(), source = ["hf:org/model", "-o", folder.file("out.gguf"), "--type", "Q8_0"]
    let plan = folder.file("plan.json")
    for arguments in [
      ["plan"] + source + ["--parts", "2", "--save", plan], ["work", plan, "--part", "1"],
      ["work", plan, "--part", "0"], ["assemble", plan],
      ["convert", "hf:org/model", "-o", folder.file("single.gguf"), "--type", "Q8_0", "--resume"],
    ] {
      let run = try hub.run(arguments)
      #expect(run.status == 0, "\(arguments): \(run.error)")
    }
    let inputs = try JSON(parsing: try LocalFile(plan).wholeContent(limit: 1 << 24))["inputs"]?.array ?? []
    #expect(inputs.contains { $0["path"]?.string?.hasPrefix("hf:org/model/") == true })
    let bytes = try ["out.gguf", "single.gguf"].map { try LocalFile(folder.file($0)).wholeContent(limit: 1 << 24) }
    let isEqual = bytes[0] == bytes[1]
    #expect(isEqual)
  }

  @Test("diff, check and tensor read models and files of the hub")
  func otherVerbs() throws {
    let hub = try Hub(fixture: "yi")
    let diff = try hub.run(["diff", "hf:org/model", "fixtures/yi"])
    #expect(diff.status == 0, "\(diff.error)")
    let check = try hub.run(["check", "hf:org/model@main"])
    let localCheck = try Program.run(["check", "fixtures/yi"])
    #expect(check.status == localCheck.status, "\(check.error)")
    let name = try #require(
      FileManager.default.contentsOfDirectory(atPath: Fixtures.path("yi")).first { $0.hasSuffix(".safetensors") })
    let arguments = ["model.norm.weight", "--columns", "0:4"]
    let remote = try hub.run(["tensor", "hf:org/model/\(name)"] + arguments)
    #expect(remote.status == 0, "\(remote.error)")
    let local = try Program.run(["tensor", "fixtures/yi/\(name)"] + arguments)
    #expect(remote.facts == local.facts)
  }

  @Test("what a run says of addresses that lead nowhere helps to the next step")
  func errors() throws {
    let hub = try Hub(fixture: "yi")
    func error(_ path: String) throws -> String {
      let run = try hub.run(["inspect", path])
      #expect(run.status == 2)
      return run.error
    }
    #expect(try error("hf:org/other").contains("hf:org/other: does not exist on the server"))
    #expect(try error("hf:org/model@dev").contains("hf:org/model@dev: does not exist on the server"))
    #expect(try error("hf:org/model/none.gguf").contains("hf:org/model/none.gguf: does not exist on the server"))
    #expect(try error("hf:model").contains("hf:model: does not name a model, expected hf:org/repo, "))
    #expect(try error("hf:org/../secret").contains("does not name a model"))
    let output = try hub.run(["convert", "fixtures/yi", "-o", "hf:org/model"])
    #expect(output.status == 64)
    #expect(output.error.contains("hf:org/model: outputs are local"), "\(output.error)")
    #expect(try error("\(hub.store.address)/store/none").contains("/store/none: does not exist on the server"))
    #expect(try error("http://127.0.0.1:1/x.gguf").contains("http://127.0.0.1:1/x.gguf: cannot be read: "))
  }

  @Test("a page of the hub is the file that it shows")
  func pages() throws {
    let hub = try Hub(fixture: "yi")
    for path in ["/org/model", "/org/model/tree/main", "/org/model/blob/main/config.json?download=true"] {
      let run = try hub.run(["inspect", hub.server.address + path, "--no-tensors"])
      if path.contains("config.json") {
        #expect(run.error.contains("config.json"), "\(run.error)")
      } else {
        #expect(run.status == 0, "\(run.error)")
      }
    }
  }

  @Test("a file of any server is read with the files beside it")
  func webFile() throws {
    let hub = try Hub(fixture: "yi")
    let folder = try FileManager.default.contentsOfDirectory(atPath: Fixtures.path("yi"))
    let name = try #require(folder.first { $0.hasSuffix(".safetensors") })
    let remote = try hub.run(["inspect", "\(hub.store.address)/store/\(name)"])
    let local = try Program.run(["inspect", "fixtures/yi/\(name)"])
    #expect(remote.status == local.status, "\(remote.error)")
    #expect(remote.facts == local.facts)
  }

  @Test("files that the hub's library has downloaded are read from its cache, without a network if asked")
  func cache() throws {
    let hub = try Hub(fixture: "yi")
    let home = try #require(hub.environment["HF_HOME"])
    let model = home + "/hub/models--org--model"
    let snapshot = model + "/snapshots/" + Hub.commit
    let files = FileManager.default
    try files.createDirectory(atPath: model + "/blobs", withIntermediateDirectories: true)
    try files.createDirectory(atPath: model + "/refs", withIntermediateDirectories: true)
    try files.createDirectory(atPath: snapshot, withIntermediateDirectories: true)
    try Data(Hub.commit.utf8).write(to: URL(fileURLWithPath: model + "/refs/main"))
    for name in try files.contentsOfDirectory(atPath: Fixtures.path("yi")) {
      try files.copyItem(atPath: Fixtures.path("yi", name), toPath: "\(model)/blobs/\(name)-digest")
      try files.createSymbolicLink(
        atPath: "\(snapshot)/\(name)", withDestinationPath: "../../blobs/\(name)-digest")
    }
    let online = try hub.run(["inspect", "hf:org/model"])
    #expect(online.status == 0, "\(online.error)")
    #expect(hub.store.requests.isEmpty)
    let requestCount = hub.server.requests.count
    let offline = try Program.run(
      ["inspect", "hf:org/model"], environment: hub.environment.merging(["HF_HUB_OFFLINE": "1"]) { $1 })
    #expect(offline.status == 0, "\(offline.error)")
    #expect(offline.output == online.output)
    #expect(hub.server.requests.count == requestCount)
    let absent = try Program.run(
      ["inspect", "hf:org/other"], environment: hub.environment.merging(["HF_HUB_OFFLINE": "1"]) { $1 })
    #expect(absent.error.contains("is not in the cache"))
    let direct = try Program.run(["inspect", snapshot])
    #expect(direct.status == 0, "\(direct.error)")
  }
}

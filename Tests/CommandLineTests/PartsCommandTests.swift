import Bytes
import Foundation
import Tensors
import TestSupport
import Testing

/// The judge is `convert` or `quantize` in one run, of a folder with the same names.
@Suite("A plan in parts")
struct PartsCommandTests {
  private let folder = TemporaryFolder(), single = TemporaryFolder()

  private func run(_ arguments: String, status: Int32 = 0, in folder: TemporaryFolder? = nil) throws -> Program.Run {
    let run = try Program.shell("$ingot \(arguments)", in: (folder ?? self.folder).path)
    #expect(run.status == status, "\(arguments): \(run.error)")
    return run
  }

  private func bytes(_ name: String, in folder: TemporaryFolder) throws -> [UInt8] {
    try LocalFile(folder.file(name)).wholeContent(limit: 1 << 30)
  }

  private func stage() throws {
    for folder in [folder, single] {
      try FileManager.default.copyItem(atPath: Fixtures.path("llama-gqa"), toPath: folder.file("model"))
    }
  }

  @Test("gives the output and the receipt of the single run, by the same options")
  func equality() throws {
    try stage()
    for (single, planned, output) in [
      (
        "convert model -o a.gguf --type Q4_K_M --receipt a.json",
        "plan model -o a.gguf --type Q4_K_M --parts 5 --save plan.json --receipt a.json", "a.gguf"
      ),
      (
        "quantize model b.gguf Q8_0 2 --pure --receipt b.json",
        "plan quantize model b.gguf Q8_0 2 --pure --part-bytes=60K --save=plan.json --receipt b.json --overwrite",
        "b.gguf"
      ),
      (
        "quantize model c.gguf --target-bpw 5 --receipt c.json",
        "plan quantize model c.gguf --target-bpw 5 --parts 3 --save plan.json --receipt c.json --overwrite", "c.gguf"
      ),
    ] {
      let overwrite = planned.hasSuffix("--overwrite") ? " --overwrite" : ""
      _ = try run(single + overwrite, in: self.single)
      let plan = try JSON(parsing: Array(try run(planned + " --json").output.utf8))
      let count = try #require(plan["parts"]?.integer)
      #expect(count > 2)
      for index in (0..<count).reversed() {
        #expect(try run("status plan.json --todo", status: 1).output == Self.list(index) + "\n")
        _ = try run("work plan.json --part \(index) --threads \(index % 2 + 1)")
      }
      #expect(try run("work plan.json --part 0").output.hasSuffix(", was there already\n"))
      #expect(try run("status plan.json --todo").output.isEmpty)
      _ = try run("assemble plan.json")
      for name in [output, String(output.prefix(1)) + ".json"] {
        #expect(try bytes(name, in: folder) == bytes(name, in: self.single), "\(name)")
      }
      // After the output is there, its parts are still known to be done.
      #expect(try run("work plan.json --part 1").output.hasSuffix(", was there already\n"))
    }
  }

  private static func list(_ last: Int) -> String { last == 0 ? "0" : "0-\(last)" }

  @Test("is made by make, and continued by the same command", .enabled(if: Self.hasMake, "make is not installed"))
  func make() throws {
    try stage()
    _ = try run("convert model -o out.gguf --type Q8_0 --receipt receipt.json", in: single)
    let makefile = Fixtures.packagePath("examples", "make", "Makefile")
    let command =
      "make -j2 -f \(makefile) INGOT=$ingot PARTS=5 MODEL=model OUTPUT=out.gguf OPTIONS='--type Q8_0 --receipt receipt.json'"
    #expect(try Program.shell(command + " part-3", in: folder.path).status == 0)
    let made = try Program.shell(command, in: folder.path)
    #expect(made.status == 0, "\(made.error)")
    for name in ["out.gguf", "receipt.json"] { #expect(try bytes(name, in: folder) == bytes(name, in: single)) }
  }

  private static var hasMake: Bool { FileManager.default.isExecutableFile(atPath: "/usr/bin/make") }

  @Test("takes the number of a part from the environment, and says what is wrong with it")
  func variable() throws {
    try stage()
    _ = try run("plan model -o out.gguf --parts 3 --save plan.json")
    #expect(
      try Program.shell("TASK=2 $ingot work plan.json --part-from TASK --quiet", in: folder.path).status == 0)
    #expect(try run("work plan.json --part-from TASK", status: 64).error.contains("has no such variable"))
    #expect(
      try Program.shell("TASK=x $ingot work plan.json --part-from TASK", in: folder.path).error
        .contains("--part-from TASK: is \"x\", expected the number of a part"))
    #expect(
      try run("work plan.json --part 3", status: 64).error
        == "ingot: error: part 3: plan.json has parts 0 to 2\n")
    #expect(
      try run("assemble plan.json", status: 1).error
        == "ingot: error: plan.json: parts 0-1 are missing (ingot work makes them)\n")
    let status = try JSON(parsing: Array(try run("status plan.json --json", status: 1).output.utf8))
    #expect(status["todo"]?.string == "0-1" && status["done"]?.integer == 1)
  }

  @Test("ends with another status if another try may help")
  func statuses() throws {
    try stage()
    let plan = try JSON(
      parsing: Array(try run("plan model -o out.gguf --parts 3 --save plan.json --json").output.utf8))
    let digest = try #require(plan["sha256"]?.string).prefix(16)
    // Another run is making the part.
    let claimed = try Program.shell(
      """
      mkdir parts; touch parts/.\(digest)-1.part.ingot-1-x.partial
      flock parts/.\(digest)-1.part.ingot-1-x.partial $ingot work plan.json --part 1
      """, in: folder.path)
    #expect(claimed.status == 75)
    #expect(claimed.error.hasSuffix("-1.part: another run is making it (wait for it)\n"))
    // No descriptors are left.
    #expect(try Program.shell("ulimit -n 4; $ingot work plan.json --part 1", in: folder.path).status == 75)
    // Plan and inputs disagree.
    _ = try Program.shell("echo >> model/config.json", in: folder.path)
    let other = try run("work plan.json --part 1", status: 2)
    #expect(other.error.contains("plan.json: inputs["), "\(other.error)")
  }

  @Test(
    "is refused with options that have no meaning for it",
    arguments: [
      ("model -o out.gguf --save p.json", "expected one of --parts and --part-bytes"),
      ("model -o out.gguf --parts 0 --save p.json", "--parts is 0, expected 1 to 100,000"),
      ("model -o '{ftype}.gguf' --types Q8_0,F16 --parts 2 --save p.json", "--types writes several outputs"),
      ("model -o out.gguf --resume --parts 2 --save p.json", "--resume has no effect on a plan"),
      ("model -o out.gguf.zst --parts 2 --save p.json", "is compressed, whose bytes have no place"),
    ])
  func refusals(arguments: String, words: String) throws {
    try stage()
    let run = try run("plan " + arguments, status: 64)
    #expect(run.error.contains(words), "\(run.error)")
    #expect(folder.names == ["model"])
  }

  @Test("does what the command in it says, and nothing that is no conversion in parts")
  func arguments() throws {
    try stage()
    _ = try run("plan model -o out.gguf --parts 2 --save plan.json")
    let text = String(decoding: try bytes("plan.json", in: folder), as: UTF8.self)
    try folder.write(Array(text.replacingOccurrences(of: "\"convert\"", with: "\"merge\"").utf8), to: "other.json")
    #expect(
      try run("work other.json --part 0", status: 2).error.contains(
        "cannot be repeated, expected ingot convert or quantize"))
  }

  /// A model that takes a second or more to quantize.
  private static func model(layerCount: Int) -> SeededGGUF {
    var metadata = Metadata()
    metadata["general.architecture"] = .string(ByteString("acme"))
    return SeededGGUF((0..<layerCount).map { ("blk.\($0).ffn_up.weight", [1024, 1024]) }, metadata: metadata)
  }

  @Test("is continued after a run is killed, with the same bytes")
  func killed() throws {
    let model = Self.model(layerCount: 24)
    for folder in [folder, single] { try model.write(to: folder.file("in.gguf")) }
    _ = try run("quantize in.gguf out.gguf Q4_K_M --receipt out.json", in: single)
    var killCount = 0
    for attempt in 0..<40 {
      let limit = attempt < 20 ? "0.\(attempt % 5 + 3)" : "60"
      let run = try Program.shell(
        "timeout -s KILL \(limit) $ingot quantize in.gguf out.gguf Q4_K_M --resume --receipt out.json; echo $?",
        in: folder.path)
      if run.output.hasSuffix("\n0\n") { break }
      killCount += 1
    }
    #expect(killCount > 0)
    #expect(try bytes("out.gguf", in: folder) == bytes("out.gguf", in: single))
  }

  @Test("says how to continue when it is interrupted")
  func interrupted() throws {
    let model = Self.model(layerCount: 40)
    try model.write(to: folder.file("in.gguf"))
    let run = try Program.shell(
      """
      $ingot quantize in.gguf out.gguf Q4_K_M 1 --resume & pid=$!
      while [ "$(cat .out.gguf.ingot-journal 2> /dev/null | wc -l)" -lt 3 ]; do sleep 0.02; done
      kill -TERM $pid; wait $pid; echo $?
      """, in: folder.path)
    #expect(run.output == "143\n")
    #expect(run.error.contains("ingot: stopped; the same command continues where this run was\n"))
    #expect(folder.names == [".out.gguf.ingot-journal", ".out.gguf.ingot-unfinished", "in.gguf"])
  }
}

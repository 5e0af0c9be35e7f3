import Foundation
import TestSupport
import Testing

/// `--types`: several outputs of one pass over the source.
@Suite("A list of types")
struct TypeListTests {
  private let folder = TemporaryFolder()

  private func run(_ line: String) throws -> Program.Run {
    try Program.shell("gqa=\(Fixtures.path("llama-gqa")); \(line)", in: folder.path)
  }

  private func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test("writes what runs of their own write, and a line about each")
  func outputs() throws {
    let run = try run(
      """
      $ingot convert $gqa -o wide.gguf --type F32 --quiet && \
      $ingot quantize wide.gguf --types q8_0,Q4_0,Q5_1 2 --verify && \
      for t in Q8_0 Q4_0 Q5_1; do $ingot quantize wide.gguf alone-$t.gguf $t --quiet && cmp alone-$t.gguf wide-$t.gguf || exit 9; done
      """)
    #expect(run.status == 0, "\(run.error)")
    #expect(folder.names.filter { $0.hasPrefix("wide-") } == ["wide-Q4_0.gguf", "wide-Q5_1.gguf", "wide-Q8_0.gguf"])
    #expect(run.output.contains(/wide-Q4_0\.gguf +1\d\d\.\d KiB +\d\.\d\d +\d\.\d+e-03 +blk\./), "\(run.output)")
    #expect(run.output.contains(/3 outputs of 3, [\d.]+ KiB in \d/), "\(run.output)")
  }

  @Test("does so from a folder, with formats and recipes, for names of any pattern")
  func converted() throws {
    let run = try run(
      """
      mkdir out; $ingot convert $gqa -o 'out/{name}.{FTYPE}.gguf' --types bf16,Q4_0,auto --model-name 'a b' --json > a.json; \
      echo "status $?"; $ingot convert $gqa -o 'out/{name}.{FTYPE}.gguf' --types bf16,Q8_0 --model-name 'a b' --json > a.json; \
      echo "status $?"; ls out; for t in bf16 Q8_0; do $ingot convert $gqa -o $t.gguf --type $t --model-name 'a b' --quiet && \
      cmp $t.gguf out/a-b.${t^^}.gguf; done
      """)
    #expect(run.output == "status 3\nstatus 0\na-b.BF16.gguf\na-b.Q8_0.gguf\n", "\(run.output)")
    #expect(run.error == "ingot: error: out/a-b.BF16.gguf: is the name of another output (choose another name)\n")
    let document = try json(String(contentsOfFile: folder.file("a.json"), encoding: .utf8))
    #expect(document["schema"] as? String == "ingot.conversions/1")
    #expect(document["passes"] as? Bool == true)
    let outputs = try #require(document["outputs"] as? [[String: Any]])
    #expect(outputs.compactMap { $0["destination"] as? String } == ["out/a-b.BF16.gguf", "out/a-b.Q8_0.gguf"])
    #expect(outputs.allSatisfy { $0["schema"] as? String == "ingot.convert/1" && $0["written"] as? Bool == true })
  }

  @Test("names files by the naming convention in a folder that is there")
  func intoFolder() throws {
    let run = try run("mkdir out; $ingot convert $gqa -o out --types f16,bf16 --quiet; ls out")
    #expect(run.status == 0, "\(run.error)")
    #expect(run.output.split(separator: "\n").count == 2)
    #expect(run.output.contains("-F16.gguf\n") && run.output.contains("-BF16.gguf\n"), "\(run.output)")
  }

  @Test("writes the others if one is too large for the disk, and says which is missing")
  func oneTooLarge() throws {
    // The system's limit on the size of a file, in KiB.
    let run = try run(
      "ulimit -f 256; $ingot convert $gqa -o '{name}-{ftype}.gguf' --types F32,Q8_0,Q4_0 > text; echo \"status $?\"; ls -A; grep F32 text -i; "
        + "unset x; $ingot convert $gqa -o alone.gguf --type Q8_0 --quiet && cmp alone.gguf llama-gqa-q8_0.gguf")
    #expect(run.output.hasPrefix("status 3\nllama-gqa-q4_0.gguf\nllama-gqa-q8_0.gguf\ntext\n"), "\(run.output)")
    #expect(run.output.contains(/llama-gqa-f32\.gguf +not written\n/), "\(run.output)")
    #expect(run.error == "ingot: error: llama-gqa-f32.gguf: cannot be written: file too large\n", "\(run.error)")
  }

  @Test("leaves out what exceeds a budget, with status 1")
  func budget() throws {
    let run = try run(
      "$ingot convert $gqa -o '{ftype}.gguf' --types F16,Q4_0 --budget cosine=0.9999 --receipt '{ftype}.json' --json > a.json; "
        + "echo \"status $?\"; ls -A")
    #expect(run.output == "status 1\na.json\nf16.gguf\nf16.json\n", "\(run.output)")
    #expect(run.error.contains("q4_0.gguf: is not written: "), "\(run.error)")
    let document = try json(String(contentsOfFile: folder.file("a.json"), encoding: .utf8))
    let outputs = try #require(document["outputs"] as? [[String: Any]])
    #expect(outputs.map { $0["written"] as? Bool } == [true, false])
    let errors = try #require(outputs.last?["errors"] as? [String: Any])
    #expect((errors["violations"] as? [Any])?.isEmpty == false)
  }

  @Test("records in a receipt the arguments that give that one output")
  func receipts() throws {
    let run = try run(
      """
      $ingot convert $gqa -o '{ftype}.gguf' --types=Q8_0,Q4_0 --receipt '{ftype}.json' --quiet && \
      $ingot verify $gqa q4_0.gguf --tokens 1,2,3 --receipt q4_0.json --certificate c.json --quiet; \
      $ingot certify check c.json --rederive | grep rederived
      """)
    #expect(run.status == 0, "\(run.error)")
    #expect(run.output.contains("the same bytes by: ingot convert"), "\(run.output)")
    #expect(run.output.contains("--types=Q4_0"), "\(run.output)")
  }

  @Test("plans without writing, a column of formats for each type")
  func dryRun() throws {
    let text = try run("$ingot convert $gqa -o '{ftype}.gguf' --types Q8_0,Q4_0 --dry-run")
    #expect(text.status == 0, "\(text.error)")
    #expect(text.output.contains(/tensor +from +Q8_0 +Q4_0\n/), "\(text.output)")
    #expect(text.output.contains(/blk\.0\.attn_q\.weight +BF16 +Q8_0 +Q4_0\n/), "\(text.output)")
    let plans = try json(try run("$ingot convert $gqa -o '{ftype}.gguf' --types Q8_0,Q4_0 --dry-run --json").output)
    #expect(plans["schema"] as? String == "ingot.plans/1")
    #expect((plans["plans"] as? [[String: Any]])?.map { $0["schema"] as? String } == ["ingot.plan/1", "ingot.plan/1"])
    #expect(folder.names.isEmpty)
  }

  @Test("leaves nothing when it is interrupted")
  func interrupted() throws {
    let run = try run(
      """
      for i in $(seq 20); do
        $ingot convert $gqa -o '{ftype}.gguf' --types F32,Q8_0,Q5_1,Q4_0 --quiet --overwrite & pid=$!
        sleep 0.00$((i % 10)); kill -TERM $pid 2> /dev/null; wait $pid
        ls -A | grep partial && exit 9
        for f in *.gguf; do [ -e $f ] && { $ingot inspect $f --quiet || exit 8; }; done
      done; true
      """)
    #expect(run.status == 0, "\(run.status.map(String.init) ?? "signal"): \(run.output)")
  }

  @Test(
    "refuses",
    arguments: [
      ("convert $gqa -o a.gguf --types Q8_0,Q4_0", 64, "a.gguf: is one name for 2 types (put {ftype} into it)"),
      ("convert $gqa -o '{ftype}-{x}.gguf' --types Q8_0,Q4_0", 64, #"placeholder "{x}" is unknown"#),
      ("convert $gqa -o '{ftype}.gguf' --types Q8_0,q8_0", 64, "--types lists q8_0 twice"),
      ("convert $gqa -o '{ftype}.gguf' --types Q4_K,Q4_K_M", 3, "is the name of another output"),
      ("convert $gqa -o '{ftype}.gguf' --types Q8_0,,Q4_0", 64, "'--types <type,…>'"),
      ("convert $gqa -o '{ftype}.gguf' --types Q8_0,Q4_00", 64, #"type "Q4_00": is unknown (did you mean"#),
      ("convert $gqa -o '{ftype}.gguf' --types Q8_0 --type Q4_0", 64, "expected only one of --type and --types"),
      ("convert $gqa -o '{ftype}' --types Q8_0,F16 --to safetensors", 64, "--types writes GGUF files"),
      ("convert $gqa -o '{ftype}.safetensors' --types F32,F16", 64, "ends with .safetensors, but the output is a GGUF"),
      ("convert $gqa -o '{ftype}.gguf' --types Q8_0,F16 --receipt r.json", 64, "r.json: is one name for 2 types"),
      ("convert $gqa -o 'nope/{ftype}.gguf' --types Q8_0,F16", 3, "nope: no such folder"),
      ("convert $gqa -o '-' --types Q8_0,F16", 64, "-: is one name for 2 types"),
      (
        "quantize m.gguf --types Q8_0,Q4_0 --target-size 1M", 64,
        "--target-size chooses the formats of one file (leave out --types)"
      ),
      ("quantize m.gguf --types Q8_0,Q4_K,15", 64, "--types lists Q4_K_M twice"),
      ("quantize m.gguf --types Q8_0,nope", 64, #""nope" is not a recipe"#),
      (
        "quantize m.gguf -o '{ftype}.gguf' other.gguf --types Q8_0,Q4_0", 64,
        #"unexpected "other.gguf", since -o names the output"#
      ),
      (
        "quantize m.gguf '{ftype}.gguf' Q6_K --types Q8_0,Q4_0", 64,
        "expected an output and a thread count, but no recipe, with --types"
      ),
    ])
  func refusals(command: String, status: Int, message: String) throws {
    let run = try run("$ingot \(command)")
    #expect(run.status == Int32(status), "\(run.error)")
    #expect(run.error.contains(message), "\(run.error)")
    #expect(run.output.isEmpty)
    #expect(folder.names.isEmpty)
  }

  @Test("does not replace a file unless it may, before any work")
  func existing() throws {
    try folder.write([1], to: "q4_0.gguf")
    let refused = try run("$ingot convert $gqa -o '{ftype}.gguf' --types Q8_0,Q4_0,F16")
    #expect(refused.status == 3)
    #expect(refused.error == "ingot: error: q4_0.gguf: already exists (pass --overwrite to replace it)\n")
    #expect(folder.names == ["q4_0.gguf"])
    #expect(try run("$ingot convert $gqa -o '{ftype}.gguf' --types Q8_0,Q4_0,F16 --overwrite").status == 0)
    #expect(folder.names == ["f16.gguf", "q4_0.gguf", "q8_0.gguf"])
  }
}

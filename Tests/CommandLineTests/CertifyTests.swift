import Foundation
import TestSupport
import Testing

/// Certificates: written by verify, held against the files, and the conversion done again.
@Suite("Certify")
struct CertifyTests {
  /// A folder with a model, its conversion by `convert` and a certificate of it.
  private func certified(
    _ convert: String = "convert model -o out.gguf --type Q8_0", _ verify: String = "--budget kl=1"
  ) throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    let candidate = convert.contains("back") ? "back" : "out.gguf"
    let run = try Program.shell(
      """
      set -e
      cp -r \(Program.packageFolder)/fixtures/llama-gqa model
      $ingot \(convert) --quiet --receipt receipt.json
      $ingot verify model \(candidate) --tokens 1,2,3,4,5,6 --quiet --certificate cert.json \(verify)
      """, in: folder.path)
    #expect(run.status == 0, "\(run.error)")
    return folder
  }

  @Test("prints", arguments: [Snapshot("help-certify-check", "certify", "check", "--help")])
  func snapshots(snapshot: Snapshot) throws { try snapshot.check() }

  @Test(
    "repeats the conversion, by the receipt or by the candidate's format",
    arguments: [
      ("convert model -o out.gguf --type Q8_0", "--budget kl=1"),
      ("convert model -o out.gguf --type Q8_0", "--budget kl=1 --receipt receipt.json"),
      ("convert model -o out.gguf --type Q4_K_M", "--budget kl=10"),
      ("convert model -o out.gguf --type Q8_0 --tensor-type attn_q=F16", "--budget kl=1 --receipt receipt.json"),
      ("quantize model out.gguf Q4_K_M --pure", "--budget kl=10 --receipt receipt.json"),
      ("convert model -o back --naming meta", ""), ("convert model -o back --naming meta --shards 2", ""),
      ("convert model -o back --naming megatron --tensor-parallel 2", ""),
      ("convert model -o back --naming megatron --pipeline-parallel 3", "--receipt receipt.json"),
    ])
  func rederives(convert: String, verify: String) throws {
    let folder = try certified(convert, verify)
    let run = try Program.run(["certify", "check", "cert.json", "--rederive"], in: folder.path)
    #expect(run.status == 0, "\(run.output)\(run.error)")
    #expect(run.output.contains("rederived  the same bytes by: ingot \(convert.prefix(13))"))
    // Nothing of the second conversion stays.
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!left.contains { $0.hasSuffix(".scratch") })
  }

  @Test("certifies what an adapter makes of a model, and derives it again", arguments: ["", "--receipt receipt.json"])
  func adapter(receipt: String) throws {
    let folder = TemporaryFolder()
    let run = try Program.shell(
      "cp -r \(Fixtures.path("llama-gqa")) model; cp -r \(Fixtures.path("adapters", "llama")) lora; chmod -R u+w .; "
        + "$ingot convert model --lora lora -o out.gguf --quiet --receipt receipt.json; "
        + "$ingot verify model out.gguf --lora lora --tokens 1,2,3 --certificate cert.json --quiet \(receipt); "
        + "$ingot certify check cert.json --rederive; echo X >> lora/adapter_config.json; $ingot certify check cert.json",
      in: folder.path)
    #expect(run.output.contains("reference  lora/adapter_model.safetensors  matches"), "\(run.output)\(run.error)")
    #expect(run.output.contains("rederived  the same bytes by: ingot convert model "))
    #expect(run.output.contains("reference  lora/adapter_config.json        differs"))
  }

  @Test("finds a byte that changed, and a file that is gone")
  func tampered() throws {
    let folder = try certified()
    let changed = try Program.shell(
      "printf 'X' | dd of=out.gguf bs=1 seek=9999 conv=notrunc 2>/dev/null; rm model/config.json; "
        + "$ingot certify check cert.json --rederive", in: folder.path)
    #expect(changed.status == 1)
    #expect(changed.output.contains("candidate  out.gguf                       differs"))
    #expect(changed.output.contains("reference  model/config.json              missing"))
    #expect(changed.output.hasSuffix("failed\n"))
  }

  @Test("says where the bytes of another conversion differ")
  func otherConversion() throws {
    let folder = try certified("convert model -o out.gguf --type Q8_0 --tensor-type attn_q=F16")
    let run = try Program.run(["certify", "check", "cert.json", "--rederive"], in: folder.path)
    #expect(run.status == 1)
    #expect(run.output.contains("rederived  other bytes in \"out.gguf\" by: ingot "))
  }

  @Test("follows models that moved, and gives the same bytes wherever it is made")
  func moved() throws {
    let one = try certified(), other = try certified()
    let first = try Data(contentsOf: URL(fileURLWithPath: one.file("cert.json")))
    #expect(try first == Data(contentsOf: URL(fileURLWithPath: other.file("cert.json"))))
    let run = try Program.shell(
      "mkdir d; mv model out.gguf d; $ingot certify check cert.json; echo status $?; "
        + "$ingot certify check cert.json --reference d/model --candidate d/out.gguf --rederive --json",
      in: one.path)
    #expect(run.status == 0, "\(run.output)\(run.error)")
    #expect(run.output.contains("status 2\n"))
    #expect(run.error == "ingot: error: model: cannot be opened: no such file or folder\n")
    #expect(run.output.contains("\"schema\": \"ingot.certify/1\""))
  }

  @Test("digests the file that is named, also under another name")
  func named() throws {
    let folder = try certified()
    let run = try Program.shell(
      """
      check() { $ingot certify check cert.json "$@" > out; echo "$? $(grep -c matches out) $(tail -n 1 out)"; }
      mkdir other; cp out.gguf renamed.gguf; cp out.gguf other/X.GGUF; $ingot convert model -o b.gguf --type Q4_0 --quiet
      check --candidate renamed.gguf; check --candidate other/X.GGUF; check --candidate b.gguf
      check --candidate model/config.json; check --reference model/model.safetensors
      check --candidate nope.gguf; check --reference nope; check --candidate other
      check --candidate renamed.gguf --rederive
      """, in: folder.path)
    #expect(
      run.output.split(separator: "\n") == [
        "0 7 passed", "0 7 passed", "1 6 failed", "1 6 failed", "0 7 passed", "2 0 ", "2 0 ", "1 6 failed",
        "0 7 passed",
      ], "\(run.output)\(run.error)")
  }

  @Test("finds the shards of a set by their numbers")
  func shards() throws {
    let folder = TemporaryFolder()
    let run = try Program.shell(
      """
      cp -r \(Fixtures.path("llama-gqa")) model
      $ingot convert model -o m.gguf --type Q8_0 --max-shard-size 100K --quiet --receipt receipt.json
      first=$(ls m-00001*); $ingot verify model $first --tokens 1,2,3 --certificate cert.json --receipt receipt.json --quiet
      $ingot certify check cert.json --rederive > /dev/null; echo $?
      mkdir d; for f in m-*; do mv $f d/renamed${f#m}; done
      $ingot certify check cert.json --candidate d/renamed${first#m} | tail -n 1
      $ingot certify check cert.json --candidate d/renamed${first#m} --rederive | tail -n 1
      printf X | dd of=$(ls d/*00002*) bs=1 seek=90000 conv=notrunc 2> /dev/null
      $ingot certify check cert.json --candidate d/renamed${first#m} | grep -c differs
      """, in: folder.path)
    #expect(run.output == "0\npassed\npassed\n1\n", "\(run.output)\(run.error)")
  }

  @Test("finds files of a folder that are not certified")
  func uncertified() throws {
    let folder = try certified("convert model -o back --naming meta", "")
    let run = try Program.shell(
      "touch back/report.html back/README.md; $ingot certify check cert.json | tail -n 1; "
        + "touch back/added_tokens.json; $ingot certify check cert.json", in: folder.path)
    #expect(run.status == 1)
    #expect(run.output.hasPrefix("passed\n"), "\(run.output)")
    #expect(run.output.contains("back/added_tokens.json"))
    #expect(run.output.contains("not certified"))
  }

  @Test("repeats a conversion with the inputs that are certified, and no others")
  func inputs() throws {
    let folder = TemporaryFolder()
    let run = try Program.shell(
      """
      cp -r \(Fixtures.path("yi")) model; cp \(Fixtures.path("yi", "README.md")) text 2> /dev/null || seq 1 400 > text
      $ingot imatrix model --file text --context 32 -o i.gguf --quiet
      echo attn_q=Q8_0 > types
      $ingot quantize model out.gguf Q4_0 --imatrix i.gguf --tensor-type-file types --quiet --receipt receipt.json
      $ingot verify model out.gguf --tokens 1,2,3 --budget kl=10 --receipt receipt.json --certificate cert.json --quiet
      $ingot certify check cert.json --rederive | grep -E 'input|rederived'
      cp i.gguf j.gguf; sed 's/"i.gguf"/"j.gguf"/' cert.json > other.json
      sed '0,/"i.gguf"/s//"j.gguf"/' cert.json > hostile.json
      sed 's|"option": "--tensor-type-file"|"option": "x"|; s|"path": "types"|"path": "i.gguf"|' cert.json > missing.json
      for c in other hostile missing; do $ingot certify check $c.json --rederive > /dev/null; echo $?; done
      echo attn_k=Q8_0 >> types; $ingot certify check cert.json --rederive | grep -E 'differs|rederived'
      rm types; $ingot certify check cert.json --rederive > /dev/null; echo $?
      $ingot certify check cert.json | tail -n 1; ls -a | grep -c scratch
      """, in: folder.path)
    let lines = run.output.split(separator: "\n").map(String.init)
    #expect(lines.count == 10, "\(run.output)\(run.error)")
    #expect(lines.prefix(2).allSatisfy { $0.hasPrefix("input ") && $0.hasSuffix("matches") }, "\(run.output)")
    #expect(lines[2].hasPrefix("rederived  the same bytes by: ingot quantize model"))
    #expect(lines[3...5] == ["1", "2", "1"], "\(run.output)")
    #expect(lines[6].hasPrefix("input ") && lines[6].contains(" types ") && lines[6].hasSuffix("differs"))
    #expect(lines[7...] == ["2", "passed", "0"])
  }

  @Test(
    "understands conversions only",
    arguments: [["--help"], ["--version"], ["convert", "--help"], ["certify", "check", "x"], []])
  func otherArguments(arguments: [String]) throws {
    let folder = try certified("convert model -o out.gguf --type Q8_0", "--budget kl=1 --receipt receipt.json")
    let url = URL(fileURLWithPath: folder.file("cert.json"))
    let data = try Data(contentsOf: url)
    var statement = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    var predicate = try #require(statement["predicate"] as? [String: Any])
    predicate["conversion"] = ["arguments": arguments]
    statement["predicate"] = predicate
    try JSONSerialization.data(withJSONObject: statement).write(to: url)
    let run = try Program.run(["certify", "check", "cert.json", "--rederive"], in: folder.path)
    #expect(run.status == 2, "\(run.output)")
    #expect(run.error.contains("cannot be repeated, expected ingot convert or quantize"), "\(run.error)")
  }

  @Test("carries a failed verdict")
  func failed() throws {
    let folder = try certified()
    let run = try Program.shell(
      "$ingot verify model out.gguf --tokens 1,2,3 --budget kl=0 --quiet --certificate failed.json; "
        + "$ingot certify check failed.json", in: folder.path)
    #expect(run.status == 1)
    #expect(run.output.contains("verdict  failed by ingot "))
  }

  @Test(
    "refuses a file that is not a certificate",
    arguments: [
      ("{}", "_type is absent, expected \"https://in-toto.io/Statement/v1\""),
      (
        #"{"_type": "https://in-toto.io/Statement/v1", "predicateType": "x"}"#,
        #"predicateType is "x", expected "urn:ingot:verification:1""#
      ),
      (
        #"{"_type": "https://in-toto.io/Statement/v1", "predicateType": "urn:ingot:verification:1"}"#,
        #"member "predicate" is missing or malformed"#
      ),
      ("[", "byte 1"),
    ])
  func refusals(text: String, message: String) throws {
    let folder = TemporaryFolder()
    try folder.write(Array(text.utf8), to: "cert.json")
    let run = try Program.run(["certify", "check", "cert.json"], in: folder.path)
    #expect(run.status == 2)
    #expect(run.error.contains("cert.json: ") && run.error.contains(message), "\(run.error)")
  }

  @Test("refuses the receipt of other files")
  func otherReceipt() throws {
    let folder = try certified()
    let run = try Program.shell(
      "$ingot convert model -o other.gguf --quiet --receipt other.json; "
        + "$ingot verify model out.gguf --tokens 1,2 --budget kl=1 --quiet --certificate c.json --receipt other.json",
      in: folder.path)
    #expect(run.status == 2)
    #expect(run.error == "ingot: error: other.json: is not a receipt of the candidate: its outputs are other files\n")
  }
}

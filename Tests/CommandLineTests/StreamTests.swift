import Foundation
import TestSupport
import Testing

@Suite("The program's streams")
struct StreamTests {
  @Test("standard output to a full disk is an error")
  func fullOutput() throws {
    let run = try Program.shell("\"$ingot\" inspect fixtures/yi > /dev/full")
    #expect(run.status == 3)
    #expect(run.error == "ingot: error: standard output: cannot be written: no space left on the disk\n")
  }

  @Test("closed standard output is an error, and no file takes its place")
  func closedOutput() throws {
    let run = try Program.shell("\"$ingot\" inspect fixtures/yi >&-")
    #expect(run.status == 3)
    #expect(run.error == "ingot: error: standard output: cannot be written: bad file descriptor\n")
  }

  @Test("all streams closed end with a status")
  func everythingClosed() throws {
    #expect(try Program.shell("\"$ingot\" inspect fixtures/yi <&- >&- 2>&-").status == 3)
  }

  @Test("a closed pipe ends the program silently")
  func readerStops() throws {
    let run = try Program.shell("\"$ingot\" architectures yi --json | head -1; exit ${PIPESTATUS[0]}")
    #expect(run.status == 0 || run.status == 3)
    #expect(run.output == "{\n")
    #expect(run.error.isEmpty)
  }

  @Test("output is not colored except on a terminal")
  func noColor() throws {
    #expect(try !Program.run(["inspect", "fixtures/yi"]).output.contains("\u{1B}"))
  }

  @Test("statistics are the same with any number of threads", arguments: ["1", "2", "7"])
  func threadsDoNotMatter(threads: String) throws {
    let arguments = ["inspect", "fixtures/aquila", "--stats", "--json", "--threads"]
    #expect(try Program.run(arguments + [threads]).output == Program.run(arguments + ["3"]).output)
  }
}

@Suite("Outputs in the way")
struct OutputConflictTests {
  @Test(
    "a receipt replaces neither an input nor an output", arguments: ["config.json", "model.safetensors", "out.gguf"])
  func receipts(name: String) throws {
    let folder = TemporaryFolder()
    let copy = try Program.shell("cp -r fixtures/yi \(folder.file("model"))")
    #expect(copy.status == 0)
    let (receipt, output) = (folder.file("model/\(name)"), folder.file("model/out.gguf"))
    let run = try Program.run(["convert", folder.file("model"), "-o", output, "--receipt", receipt, "--overwrite"])
    #expect(run.status == 3)
    let fact = name == "out.gguf" ? "is the name of another output" : "output is also an input"
    #expect(run.error == "ingot: error: \(receipt): \(fact) (choose another name)\n")
    #expect(try Program.shell("diff -r fixtures/yi \(folder.file("model"))").status == 0)
  }

  @Test("a GGUF does not replace a side file of its model")
  func sideFiles() throws {
    let folder = TemporaryFolder()
    #expect(try Program.shell("cp -r fixtures/yi \(folder.file("model"))").status == 0)
    let output = folder.file("model/tokenizer.model")
    let run = try Program.run(["convert", folder.file("model"), "-o", output, "--to", "gguf", "--overwrite"])
    #expect(run.status == 3)
    #expect(run.error == "ingot: error: \(output): output is also an input (choose another name)\n")
    #expect(try Program.shell("diff -r fixtures/yi \(folder.file("model"))").status == 0)
  }

  @Test("a name that is not UTF-8 is refused, not replaced by another")
  func names() throws {
    let folder = TemporaryFolder()
    let run = try Program.shell("\"$ingot\" convert fixtures/yi -o \(folder.path)/$'caf\\xe9.gguf'")
    #expect(run.status == 64)
    #expect(
      run.error == "ingot: error: argument \"\(folder.path)/caf\u{FFFD}.gguf\": is not UTF-8 (rename the file or reach"
        + " it through a link)\n")
    #expect(folder.names == [])
  }
}

@Suite("Hostile files")
struct HostileFileTests {
  static let victims = ["expected/yi/yi-q8_0.gguf", "yi/model.safetensors", "gguf/values.gguf"]

  @Test("cut anywhere give one line and status 2", arguments: victims)
  func truncation(victim: String) throws {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path(victim)))
    let folder = TemporaryFolder()
    for part in 0..<12 {
      let count = bytes.count * part / 12
      let path = try folder.write(Array(bytes.prefix(count)), to: "cut-\(count)")
      let run = try Program.run(["inspect", path])
      #expect(run.status == 2, "cut to \(count) bytes: \(run.error)")
      #expect(run.error.hasPrefix("ingot: error: \(path): ") && run.error.filter { $0 == "\n" }.count == 1)
      #expect(run.output.isEmpty)
    }
  }

  @Test("with a few bytes changed never end the program by a signal", arguments: victims)
  func mutation(victim: String) throws {
    let original = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path(victim)))
    let folder = TemporaryFolder()
    var generator = SeededGenerator(seed: 20_26)
    for round in 0..<40 {
      var bytes = Array(original)
      for _ in 0..<3 {
        let index = Int.random(in: 0..<min(bytes.count, 4096), using: &generator)
        bytes[index] = [0, 1, 0x7F, 0x80, 0xFF, bytes[index] ^ 0x10].randomElement(using: &generator) ?? 0
      }
      let path = try folder.write(bytes, to: "mutant-\(round)")
      let run = try Program.run(["inspect", path, "--stats"])
      #expect(run.status == 0 || run.status == 2, "round \(round): \(run.status.map(String.init) ?? "a signal")")
    }
  }

  @Test("names with control characters are printed escaped")
  func hostileNames() throws {
    let folder = TemporaryFolder()
    let name = #"evil\u001b[31m\nline\u202e"#
    let header = "{" + SafeTensorsBytes.entry(name, "F32", [1], 0, 4) + "}"
    let path = try folder.write(SafeTensorsBytes(header, dataByteCount: 4).bytes, to: "a.safetensors")
    for arguments in [
      ["inspect", path], ["inspect", path, "--stats"], ["hash", path], ["check", path], ["diff", path, path],
    ] {
      let run = try Program.run(arguments)
      for scalar in (run.output + run.error).unicodeScalars {
        #expect(scalar == "\n" || scalar.value >= 0x20 && scalar.value != 0x202E && scalar.value != 0x7F)
      }
    }
    #expect(try Program.run(["inspect", path]).output.contains(#"evil\u{1b}[31m\nline\u{202e}"#))
  }

  @Test("an unknown storage format is described, and not converted")
  func unknownFormat() throws {
    let folder = TemporaryFolder()
    var file = GGUFBytes()
    file.pairs = [file.pair("general.architecture", 8, file.string("llama"))]
    file.records = [GGUFBytes.Record("token_embd.weight", [4, 2], type: 99)]
    file.dataByteCount = 64
    let path = try folder.write(file.bytes, to: "a.gguf")
    let inspected = try Program.run(["inspect", path])
    #expect(inspected.status == 0)
    #expect(inspected.output.contains("ggml type 99"))
    #expect(try Program.run(["inspect", path, "--stats"]).status == 0)
    let converted = try Program.run(["convert", path, "-o", folder.file("out")])
    #expect(converted.status == 2)
    #expect(folder.names == ["a.gguf"])
  }
}

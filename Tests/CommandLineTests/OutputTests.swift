import TestSupport
import Testing

@testable import CommandLineTool

@Suite("Progress")
struct ProgressLineTests {
  @Test(
    "has one form for bytes and steps: amount, rate, time left",
    arguments: [
      ((1 << 30, 4 << 30, nil, 2), "1.0 GiB of 4.0 GiB (25 %), 512.0 MiB/s, 6 s left"),
      ((12, 40, "chunks", 8), "12 of 40 chunks (30 %), 1.5 chunks/s, 19 s left"),
      ((1, 1_001, "layers", 10), "1 of 1,001 layers (0 %), 0.10 layers/s, 2 h 46 min left"),
      ((10, 110, "layers", 10), "10 of 110 layers (9 %), 1.0 layers/s, 1 min 40 s left"),
      ((1 << 20, nil, nil, 2), "1.0 MiB, 512.0 KiB/s"),
      ((0, 10, "chunks", 0), "0 of 10 chunks (0 %), 0 chunks/s, 0 s left"),
      ((0, 0, nil, 1), "0 B of 0 B (100 %), 0 B/s, 0 s left"),
    ] as [((Int, Int?, String?, Double), String)])
  func text(state: (done: Int, total: Int?, unit: String?, seconds: Double), expected: String) {
    #expect(
      ProgressLine.text(done: state.done, total: state.total, unit: state.unit, seconds: state.seconds) == expected)
  }
}

@Suite("A list of problems")
struct LimitedListTests {
  @Test("has five lines and a count, or all")
  func limit() {
    let lines = (1...7).map { "line \($0)" }
    #expect(lines.limited("warning", listsAll: true) == lines)
    #expect(Array(lines.prefix(5)).limited("warning", listsAll: false).count == 5)
    #expect(
      lines.limited("warning", listsAll: false) == lines.prefix(5) + ["… and 2 more warnings (--verbose lists them)"])
    #expect(
      lines.prefix(6).map { $0 }.limited("warning", listsAll: false).last?.hasPrefix("… and 1 more warning ") == true)
  }

  @Test("of check counts the other findings of each severity")
  func check() throws {
    let folder = TemporaryFolder()
    // A NaN in each of many tensors.
    let names = (0..<9).map { "tensor.\($0)" }
    let entries = names.enumerated().map { SafeTensorsBytes.entry($1, "F32", [1], $0 * 4, $0 * 4 + 4) }
    var bytes = SafeTensorsBytes("{" + entries.joined(separator: ",") + "}", dataByteCount: 36).bytes
    for index in 0..<9 {
      bytes.replaceSubrange(bytes.count - 36 + 4 * index..<bytes.count - 32 + 4 * index, with: [0, 0, 0xC0, 0x7F])
    }
    let path = try folder.write(bytes, to: "a.safetensors")
    let short = try Program.run(["check", path])
    #expect(short.status == 1)
    #expect(short.output.split(separator: "\n").count { $0.hasPrefix("error ") } == 5)
    #expect(short.output.contains("… and 4 more errors"))
    let all = try Program.run(["check", path, "--verbose"])
    #expect(all.output.split(separator: "\n").count { $0.hasPrefix("error ") } == 9)
  }
}

@Suite("Color")
struct ToneTests {
  @Test("has the meaning of verdicts and severities, on a terminal alone")
  func verdicts() throws {
    let passed = try Terminal(columnCount: 100).run(["diff", "fixtures/yi", "fixtures/yi"]).joined(separator: "\n")
    #expect(passed.contains("\u{1B}[1m\u{1B}[32mpassed"))
    let failed = try Terminal(columnCount: 100).run(["diff", "fixtures/yi", "fixtures/llama-gqa"]).joined(
      separator: "\n")
    #expect(failed.contains("\u{1B}[1m\u{1B}[31mfailed"))
    let error = try Terminal(columnCount: 100).run(["inspect", "absent"]).joined(separator: "\n")
    #expect(error.contains("ingot: \u{1B}[31merror\u{1B}[0m: absent"))
  }

  @Test("is absent with NO_COLOR and on a dumb terminal", arguments: [("NO_COLOR", "1"), ("TERM", "dumb")])
  func without(name: String, value: String) throws {
    var terminal = Terminal(columnCount: 100)
    terminal.environment[name] = value
    for arguments in [["diff", "fixtures/yi", "fixtures/llama-gqa"], ["inspect", "absent"]] {
      let text = try terminal.run(arguments).joined(separator: "\n")
      #expect(text.firstMatch(of: /\u{1B}\[[0-9;]*m/) == nil)
    }
  }
}

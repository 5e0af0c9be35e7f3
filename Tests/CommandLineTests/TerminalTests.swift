import Bytes
import TestSupport
import Testing

@Suite("On a terminal")
struct TerminalTests {
  static let commands = [
    ["inspect", "fixtures/yi"], ["inspect", "fixtures/llama-gqa", "--stats"], ["architectures"], ["formats"],
    ["architectures", "deepseek-v2"], ["diff", "fixtures/yi", "fixtures/llama-gqa"], ["check", "fixtures/llama-gqa"],
    ["inspect", "fixtures/expected/llama-gqa/llama-gqa-q8_0.gguf"],
  ]

  @Test("no line is wider than it", arguments: commands, [64, 80, 132])
  func widths(command: [String], columnCount: Int) throws {
    let lines = try Terminal(columnCount: columnCount).run(command).map(\.shown)
    #expect(lines.count > 2)
    let widest = lines.max { $0.count < $1.count } ?? ""
    #expect(widest.count <= columnCount, "\(widest)")
  }

  @Test("what is left out for want of room is said, and numbers stay whole")
  func omittedColumns() throws {
    let lines = try Terminal(columnCount: 80).run(["inspect", "fixtures/yi", "--stats"]).map(\.shown)
    let wide = try Terminal(columnCount: 200).run(["inspect", "fixtures/yi", "--stats"]).map(\.shown)
    #expect(lines.contains { $0.hasPrefix("(a wider terminal shows") })
    #expect(!wide.contains { $0.hasPrefix("(a wider terminal shows") })
    let row = try #require(lines.first { $0.hasPrefix("model.layers.0.self_attn.k_proj.weight") })
    let wideRow = try #require(wide.first { $0.hasPrefix("model.layers.0.self_attn.k_proj.weight") })
    for number in row.split(separator: " ") { #expect(wideRow.contains(number)) }
  }

  @Test("one that understands no escapes gets none")
  func dumb() throws {
    for (name, value) in [("TERM", "dumb"), ("NO_COLOR", "1")] {
      var terminal = Terminal(columnCount: 80)
      terminal.environment[name] = value
      let text = try terminal.run(["inspect", "fixtures/yi", "--no-tensors"]).joined()
      #expect(text.contains("architecture"))
      // Progress rewrites its line, which colors have nothing to do with.
      #expect(!text.contains("\u{1B}[1m") && !(value == "dumb" && text.contains("\u{1B}")))
    }
  }

  @Test("layers are listed in the order of their numbers")
  func layerOrder() throws {
    let folder = TemporaryFolder()
    let model = try Fixtures.checkpoint("llama-linear", in: folder)
    let lines = try Program.run(["inspect", model]).output.split(separator: "\n")
    let layers = lines.compactMap { line -> Int? in
      let parts = line.split(separator: ".")
      return line.hasPrefix("model.layers.") ? Int(parts[2]) : nil
    }
    #expect(layers.count > 11 && layers == layers.sorted())
  }
}

@Suite("A slip of the finger")
struct TypingErrorTests {
  static let slips = [
    (["inspct", "fixtures/yi"], #""inspct" is not a command (did you mean "inspect"?)"#),
    (["frobnicate"], #""frobnicate" is not a command (ingot --help lists them)"#),
    (["quantize", "a.gguf", "b.gguf", "Q4_KM"], #""Q4_KM" is not a recipe (did you mean "Q4_K_M"?)"#),
    (
      ["convert", "fixtures/yi", "-o", "a.gguf", "--type", "q5ks"], #"type "q5ks": is unknown (did you mean "Q5_K_S"?)"#
    ),
    (["convert", "fixtures/yi", "-o", "a.gguf", "--type", "B16"], #"type "B16": is unknown (did you mean "BF16"?)"#),
    (["run", "fixtures/yi", "--tokens", "1", "--threads", "-1"], "--threads is -1, expected 1 or more"),
    (["run", "fixtures/yi", "--tokens", "1", "--top", "-3"], "--top is -3, expected 0 or more"),
    (
      ["diff", "fixtures/yi", "fixtures/yi", "--budget", "nmsee=1"],
      #"budget: metric "nmsee" is unknown here (did you mean "nmse"?), expected auto or limits of nmse, max_abs, rmse, cosine"#
    ),
    (
      ["inspect", "fixtures/yi", "--filter", "q_proj"],
      #"fixtures/yi: no tensor matches the filter "q_proj" (names contain it: pass "*q_proj*")"#
    ),
    (["inspect", ""], "the path is empty (is a variable of the shell unset?)"),
    (
      ["convert", "fixtures/yi", "-o", "absent/a.gguf"], #"absent: no such folder, so "a.gguf" cannot be created in it"#
    ),
  ]

  @Test("is answered with the nearest word", arguments: slips)
  func words(arguments: [String], message: String) throws {
    let run = try Program.run(arguments)
    #expect(run.status != 0)
    #expect(run.error.split(separator: "\n").first.map(String.init) == "ingot: error: " + message)
  }

  @Test("in a metadata key is answered with keys that are there")
  func metadataKeys() throws {
    let file = "fixtures/expected/llama-gqa/llama-gqa-q8_0.gguf"
    let run = try Program.run(["inspect", file, "--metadata", "rope"])
    #expect(run.error.contains(#"has no metadata "rope" ("llama.rope."#))
    let near = try Program.run(["inspect", file, "--metadata", "general.nmae"])
    #expect(near.error.contains(#"(did you mean "general.name"?)"#))
  }
}

@Suite("One cause is one line")
struct OneCauseTests {
  @Test("for a missing importance matrix")
  func importance() throws {
    let folder = TemporaryFolder()
    let shape = """
      {"layers": 2, "embedding": 256, "feedForward": 256, "heads": 1, "keyValueHeads": 1, "headDimension": 256,
       "vocabulary": 8, "isTied": false}
      """
    try SeededGGUF(recipeShape: try JSON(parsing: Array(shape.utf8))).write(to: folder.file("model.gguf"))
    let arguments = ["quantize", folder.file("model.gguf"), folder.file("a.gguf"), "IQ2_XXS"]
    let run = try Program.run(arguments)
    #expect(run.status == 64)
    let lines = run.error.split(separator: "\n")
    #expect(lines.count == 1 && lines[0].contains("--imatrix") && lines[0].contains("more tensors"))
    let all = try Program.run(arguments + ["--verbose"])
    #expect(all.error.split(separator: "\n").count > 5)
  }

  @Test("for a budget that many tensors exceed")
  func budget() throws {
    let folder = TemporaryFolder()
    let arguments = [
      "convert", "fixtures/llama-gqa", "-o", folder.file("a.gguf"), "--type", "Q8_0", "--budget", "nmse=1e-9",
    ]
    let run = try Program.run(arguments)
    #expect(run.status == 1)
    #expect(
      run.error.split(separator: "\n").count == 1 && run.error.contains("tensors exceed the budget; worst: tensor"))
    #expect(try Program.run(arguments + ["--verbose"]).error.split(separator: "\n").count > 5)
  }
}

import Bytes
import TestSupport
import Tensors
import Testing

@testable import Formats

/// Grids that are incomplete, of several models, or of a kind that is not read.
@Suite("A faulty grid of Megatron-LM")
struct HostileMegatronTests {
  private typealias Files = [String: [UInt8]]
  private static let tracker = "latest_checkpointed_iteration.txt"

  private func message(_ change: (inout Files) throws -> Void) throws -> String? {
    let contents = try MegatronTests.contents("core", change)
    return failure { try MegatronTests.open(contents) }
  }

  /// Replaces bytes of the part of a rank by as many others.
  private func replace(
    _ old: [UInt8], by new: [UInt8], ranks: [String] = ["00_000", "01_000", "00_001", "01_001"]
  ) throws -> String? {
    try message { files in
      for rank in ranks {
        let name = MegatronTests.part(rank), bytes = try #require(files[name])
        let start = try #require(bytes.indices.first { bytes[$0...].starts(with: old) })
        files[name]?.replaceSubrange(start..<start + old.count, with: new)
      }
    }
  }

  private func replace(_ old: String, by new: String, ranks: [String]? = nil) throws -> String? {
    guard let ranks else { return try replace(Array(old.utf8), by: Array(new.utf8)) }
    return try replace(Array(old.utf8), by: Array(new.utf8), ranks: ranks)
  }

  @Test("without one of its ranks is refused")
  func missing() throws {
    let expected =
      "g: folder \"iter_0000010/mp_rank_01_001\" is missing, expected 2 × 2 ranks (tensor × pipeline; download it)"
    #expect(try message { $0[MegatronTests.part("01_001")] = nil } == expected)
    let file = MegatronTests.part("01_001")
    #expect(
      try message {
        $0[file] = nil
        $0["iter_0000010/mp_rank_01_001/distrib_optim.pt"] = [1]
      } == "g: file \"\(file)\" is missing (download it)")
    // A whole stage or tensor-parallel rank is missing.
    #expect(
      try message {
        for rank in ["00_001", "01_001"] { $0[MegatronTests.part(rank)] = nil }
      } == "g: args: pipeline_model_parallel_size is 2, expected 1 as there are folders")
    #expect(
      try message {
        for rank in ["01_000", "01_001"] { $0[MegatronTests.part(rank)] = nil }
      } == "g: args: tensor_model_parallel_size is 2, expected 1 as there are folders")
  }

  @Test("whose ranks are of two models is refused")
  func mixed() throws {
    let local = try MegatronTests.contents("local"), legacy = try MegatronTests.contents("legacy")
    #expect(
      try message { $0[MegatronTests.part("01_001")] = local[MegatronTests.part("00_001")] }
        == "g: args: rotary_interleaved is True in \"iter_0000010/mp_rank_01_001\" and False in"
        + " \"iter_0000010/mp_rank_00_000\" (are they of one model?)")
    #expect(
      try message {
        $0[MegatronTests.part("01_000")] = legacy[MegatronTests.part("01_000", save: "release")]
      } == "g: tensor \"encoder.layers.0.input_layernorm.weight\": is missing from \"iter_0000010/mp_rank_00_000\"")
  }

  @Test("whose stages overlap is refused")
  func repeated() throws {
    #expect(
      try message { files in
        for rank in ["00", "01"] { files[MegatronTests.part("\(rank)_001")] = files[MegatronTests.part("\(rank)_000")] }
      } == "g: tensor \"embedding.word_embeddings.weight\": is there a second time in \"iter_0000010/mp_rank_00_001\"")
  }

  @Test("whose norms differ among ranks is refused")
  func norms() throws {
    let one = try PyTorch.contents(
      LocalFile(Fixtures.path("megatron", "core", MegatronTests.part("01_001"))))
    let norm = try #require(one.tensors.first { $0.name.text.hasSuffix("final_layernorm.weight") }?.byteRange)
    #expect(
      try message { $0[MegatronTests.part("01_001")]?[norm.offset] ^= 1 }
        == "g: tensor \"decoder.final_layernorm.weight\": has another value in \"iter_0000010/mp_rank_01_001\" than in"
        + " \"iter_0000010/mp_rank_00_001\" (are they of one model?)")
  }

  @Test("with a part that is cut off anywhere is refused, and the error names the part")
  func truncated() throws {
    let name = MegatronTests.part("01_000"), whole = try #require(try MegatronTests.contents()[name])
    for count in stride(from: 0, to: whole.count, by: 397) {
      let message = try message { $0[name] = Array(whole.prefix(count)) }
      #expect(message?.hasPrefix("g/\(name)") == true, "\(count): \(message ?? "opened")")
    }
  }

  @Test("with any byte of a pickle changed is read or refused")
  func mutated() throws {
    let name = MegatronTests.part("00_000"), contents = try MegatronTests.contents()
    var refused = 0
    for offset in stride(from: 64, to: 5000, by: 59) {
      var files = contents
      files[name]?[offset] ^= 0x5A
      if !failure({ try MegatronTests.open(files) }).isEmpty { refused += 1 }
    }
    #expect(refused > 10)
  }

  @Test("whose file of the iteration names none is refused")
  func tracker() throws {
    #expect(
      try message { $0[Self.tracker] = Array("../other".utf8) }
        == "g: \(Self.tracker): is \"../other\", expected the number of an iteration or \"release\"")
    #expect(
      try message { $0[Self.tracker] = [] }
        == "g: \(Self.tracker): is \"\", expected the number of an iteration or \"release\"")
    #expect(
      try message { $0[Self.tracker] = Array("20\n".utf8) }
        == "g: \(Self.tracker): names \"iter_0000020\", which is missing from the folder (download it)")
  }

  @Test("of expert parallelism or in a distributed form is refused by name")
  func otherForms() throws {
    #expect(
      try message { $0["iter_0000010/mp_rank_00_000_001/model_optim_rng.pt"] = [1] }
        == "g: folder \"mp_rank_00_000_001\" is of expert parallelism, which is not read (save with"
        + " --expert-model-parallel-size 1)")
    let distributed: Files = [
      Self.tracker: Array("10".utf8), "iter_0000010/.metadata": [1], "iter_0000010/common.pt": [1],
    ]
    #expect(
      failure { try MegatronTests.open(distributed) }
        == "g: folder \"iter_0000010\" has a distributed checkpoint of Megatron, which is not read (save with"
        + " --ckpt-format torch)")
    #expect(
      failure { try MegatronTests.open([Self.tracker: Array("10".utf8), "iter_0000010/x": [1]]) }
        == "g: folder \"iter_0000010\" has no ranks, expected folders such as \"mp_rank_00\"")
  }

  @Test("with arguments of other layers is refused, and names what is read")
  func arguments() throws {
    #expect(
      try replace("RMSNorm", by: "RMSnorm")
        == "g: args: normalization is \"RMSnorm\", expected \"RMSNorm\" (no other is read)")
    #expect(
      try replace("rope", by: "none")
        == "g: args: position_embedding_type is \"none\", expected \"rope\" (no other is read)")
  }

  @Test("without a gate in its layers is refused")
  func gate() throws {
    let message = try message { files in
      for rank in ["00_000", "01_000", "00_001", "01_001"] {
        let name = MegatronTests.part(rank), bytes = try #require(files[name]), key = Array("swiglu".utf8)
        let start = try #require(bytes.indices.first { bytes[$0...].starts(with: key) })
        // NEWTRUE becomes NEWFALSE.
        let flag = try #require(bytes[start...].firstIndex(of: 0x88))
        files[name]?[flag] = 0x89
      }
    }
    #expect(message == "g: args: swiglu is False, expected True (no other is read)")
  }

  @Test("whose parts have other shapes is refused")
  func shapes() throws {
    // The tuple (16, 12) of a down projection's part.
    #expect(
      try replace([0x4B, 16, 0x4B, 12, 0x86], by: [0x4B, 16, 0x4B, 11, 0x86], ranks: ["01_000"])
        == "g: tensor \"decoder.layers.0.mlp.linear_fc2.weight\": has another shape in"
        + " \"iter_0000010/mp_rank_01_000\" than in \"iter_0000010/mp_rank_00_000\" (are they of one model?)")
  }
}

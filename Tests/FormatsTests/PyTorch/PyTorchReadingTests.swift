import Bytes
import Formats
import TestSupport
import Tensors
import Testing

/// Files that torch wrote, compared with the same tensors as the safetensors package wrote them.
@Suite("A PyTorch checkpoint")
struct PyTorchReadingTests {
  private static let twin = Fixtures.path("pytorch", "twin.safetensors")
  private static let others = Fixtures.path("pytorch", "others.safetensors")

  private func open(_ name: String) throws -> Checkpoint { try Checkpoint.open(Fixtures.path("pytorch", name)) }

  private func bytes(_ tensor: TensorDescriptor, of checkpoint: Checkpoint) throws -> [UInt8] {
    let range = try #require(tensor.byteRange)
    return try checkpoint.files[range.fileIndex].bytes(at: range.offset, count: range.byteCount)
  }

  /// Compares a tensor with that of the twin of this name.
  private func compare(
    _ tensor: TensorDescriptor, of checkpoint: Checkpoint, _ name: String, of twin: Checkpoint
  ) throws {
    let expected = try #require(twin.tensor(TensorName(name)))
    #expect(tensor.shape == expected.shape, "\(name)")
    #expect(tensor.declaredFormat == expected.declaredFormat, "\(name)")
    #expect(try bytes(tensor, of: checkpoint) == bytes(expected, of: twin), "\(name)")
  }

  @Test("has the tensors of its twin in each form", arguments: ["views.pth", "legacy.pth", "deflated.pth"])
  func twins(name: String) throws {
    let checkpoint = try open(name), twin = try Checkpoint.open(Self.twin)
    #expect(checkpoint.container == .pyTorch)
    #expect(checkpoint.remarks.isEmpty)
    #expect(Set(checkpoint.tensors.map(\.name)) == Set(twin.tensors.map(\.name)))
    #expect(checkpoint.tensors.prefix(2).map(\.name) == ["plain.weight", "base"])
    for tensor in checkpoint.tensors { try compare(tensor, of: checkpoint, tensor.name.text, of: twin) }
    #expect(checkpoint.storedFiles.map(\.name) == [name])
    #expect(checkpoint.tensors.allSatisfy { checkpoint.storedFileIndex(of: $0) == 0 })
  }

  @Test(
    "stores contiguous tensors as ranges of the file, and gathers the others", arguments: ["views.pth", "legacy.pth"])
  func ranges(name: String) throws {
    let checkpoint = try open(name)
    let gathered = checkpoint.tensors.filter { $0.fileIndex != 0 }.map(\.name.text)
    #expect(
      gathered == [
        "transposed", "columns", "strided", "permuted", "expanded", "repeated", "kind.float8_e4m3fn.transposed",
      ])
    #expect(checkpoint.tensor("tied")?.byteRange == checkpoint.tensor("norm.0")?.byteRange)
    let norms = ["norm.0", "norm.1", "norm.2"].compactMap { checkpoint.tensor(TensorName($0))?.fileOffset }
    #expect(norms == [norms[0], norms[0] + 32, norms[0] + 64])
  }

  @Test("of 2017 is a tar archive")
  func tar() throws {
    let checkpoint = try open("tar.pth"), twin = try Checkpoint.open(Self.others)
    #expect(checkpoint.tensors.map(\.name.text) == ["layer", "layer.t", "every.second", "view"])
    #expect(checkpoint.containerFacts == ["form": "tar"])
    for tensor in checkpoint.tensors { try compare(tensor, of: checkpoint, "tar." + tensor.name.text, of: twin) }
  }

  @Test("of a trainer has the model's tensors, and says what is beside them")
  func trainer() throws {
    let checkpoint = try open("trainer.pt"), twin = try Checkpoint.open(Self.others)
    #expect(
      checkpoint.tensors.map(\.name.text) == [
        "steps", "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "head.weight", "head.bias",
      ])
    for tensor in checkpoint.tensors { try compare(tensor, of: checkpoint, "model." + tensor.name.text, of: twin) }
    #expect(
      checkpoint.remarks == [
        "the model's tensors are those in \"model\"; \"args\", \"iteration\", \"optimizer\", \"loss\", \"version\""
          + " beside it are not read",
        "its pickle names \"fractions.Fraction\", which is neither imported nor run",
      ])
  }

  @Test("of a whole module has the tensors of its state dict")
  func module() throws {
    let checkpoint = try open("module.pt"), twin = try Checkpoint.open(Self.others)
    #expect(
      Set(checkpoint.tensors.map(\.name.text))
        == Set(twin.tensors.map(\.name.text).filter { $0.hasPrefix("model.") }.map { String($0.dropFirst(6)) }))
    for tensor in checkpoint.tensors { try compare(tensor, of: checkpoint, "model." + tensor.name.text, of: twin) }
    #expect(checkpoint.remarks.count == 1)
    #expect(checkpoint.remarks[0].hasPrefix("its pickle names \"torch.nn.modules."))
    #expect(checkpoint.remarks[0].contains("\"vendor.training.Model\""))
  }

  @Test("joins the names of dictionaries in others")
  func nested() throws {
    let checkpoint = try open("nested.pt")
    #expect(
      checkpoint.tensors.map(\.name.text) == [
        "language_model.embedding.word_embeddings.weight", "language_model.encoder.norm.weight",
      ])
    #expect(
      checkpoint.remarks == [
        "the model's tensors are those in \"model.module\""
      ])
  }

  @Test("numbers the tensors of lists, and names one alone")
  func lists() throws {
    #expect(try open("list.pt").tensors.map(\.name.text) == ["0", "1.deep.0"])
    #expect(try open("tensor.pt").tensors.map(\.name.text) == ["tensor"])
    #expect(try open("tensor.pt").tensors[0].shape == [2, 2])
  }

  @Test("lists tensors that are no part of a storage as ones of an unknown format")
  func others() throws {
    let checkpoint = try open("others.pt")
    #expect(
      checkpoint.tensors.map { "\($0.name) \($0.declaredFormat) \($0.byteCount)" } == [
        "sparse sparse tensor 0", "meta tensor without data 0", "plain F32 8", "c128 torch.complex128 32",
        "array array of NumPy 0",
      ])
  }

  @Test("reads no byte of a tensor to be opened")
  func noData() throws {
    let path = Fixtures.path("pytorch", "views.pth")
    let source = MemorySource(path: "m/views.pth", try LocalFile(path).wholeContent(limit: 1 << 16))
    let checkpoint = try Checkpoint.open(
      InputLocation(folder: MemoryTree(path: "m", [:]), file: source))
    let plain = checkpoint.tensors.filter { $0.fileIndex == 0 && $0.byteCount > 0 }
    // The directory is looked for in the last bytes, which a small file has all of.
    let reads = source.readRanges.filter { $0.count < source.byteCount - 100 && $0.lowerBound > 4096 }
    for tensor in plain {
      #expect(!reads.contains { $0.overlaps(tensor.fileOffset..<tensor.fileOffset + tensor.byteCount) })
    }
  }

  @Test("split among files is opened by its index, any shard or the folder")
  func shards() throws {
    let views = try LocalFile(Fixtures.path("pytorch", "tensor.pt")).wholeContent(limit: 1 << 16)
    let list = try LocalFile(Fixtures.path("pytorch", "list.pt")).wholeContent(limit: 1 << 16)
    let names = ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"]
    let index = #"{"metadata":{},"weight_map":{"tensor":"\#(names[0])","0":"\#(names[1])","1.deep.0":"\#(names[1])"}}"#
    var contents = [names[0]: views, names[1]: list, "training_args.bin": [0x80, 2, 0x4E, 0x2E]]
    func open(_ name: String? = nil) throws -> Checkpoint {
      let tree = MemoryTree(path: "m", contents)
      return try Checkpoint.open(InputLocation(folder: tree, file: name.map { try tree.open($0) }))
    }
    for name in [nil] + names {
      let checkpoint = try open(name)
      #expect(checkpoint.tensors.map(\.name.text) == ["tensor", "0", "1.deep.0"])
      #expect(checkpoint.files.map(\.name) == names)
      #expect(checkpoint.remarks == ["the set has no index; its shards were found by their names"])
    }
    contents["pytorch_model.bin.index.json"] = Array(index.utf8)
    for name in [nil, "pytorch_model.bin.index.json"] + names {
      let checkpoint = try open(name)
      #expect(checkpoint.tensors.map(\.name.text) == ["tensor", "0", "1.deep.0"])
      #expect(checkpoint.remarks.isEmpty)
    }
    contents[names[1]] = SafeTensorsBytes("{}").bytes
    #expect(
      failure { try open() }
        == "m/pytorch_model.bin.index.json: shard \"\(names[1])\" is a safetensors file, expected PyTorch")
    contents["model.safetensors"] = SafeTensorsBytes("{}").bytes
    #expect(try open().container == .safeTensors)
  }
}

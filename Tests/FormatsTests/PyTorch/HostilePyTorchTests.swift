import Bytes
import TestSupport
import Tensors
import Testing

@testable import Formats

/// Files that torch would not write get an error or a checkpoint within bounds, and never a crash.
@Suite("A hostile PyTorch checkpoint")
struct HostilePyTorchTests {
  /// An archive of a pickle and storages.
  private static func archive(
    _ pickle: [UInt8], _ storages: [String: Int] = ["0": 64], _ change: (inout ZipBuilder) -> Void = { _ in }
  ) -> [UInt8] {
    let data = storages.sorted { $0.key < $1.key }.map {
      ZipBuilder.Member("a/data/\($0.key)", [UInt8](repeating: 1, count: $0.value))
    }
    var builder = ZipBuilder([.init("a/data.pkl", pickle), .init("a/byteorder", Array("little".utf8))] + data)
    change(&builder)
    return builder.bytes
  }

  private static func state(_ tensor: PickleBytes) -> [UInt8] { (tensor + [0x73]).stopped }
  private static var item: PickleBytes { PickleBytes().dictionary.text("w") }
  private static let good = state(item.tensor("0", elements: 16, shape: [4, 4], strides: [4, 1]))

  private func open(_ bytes: [UInt8]) throws -> Checkpoint {
    try Checkpoint.open(
      InputLocation(folder: MemoryTree(path: "m", [:]), file: MemorySource(path: "m.bin", bytes)))
  }

  @Test("is one that is not hostile before it is changed")
  func plain() throws {
    let checkpoint = try open(Self.archive(Self.good))
    #expect(checkpoint.tensors.map(\.shape) == [[4, 4]])
    #expect(try checkpoint.files[0].bytes(at: checkpoint.tensors[0].fileOffset, count: 64).allSatisfy { $0 == 1 })
  }

  static let refused: [(bytes: [UInt8], message: String)] = [
    (
      archive(good, ["0": 63]), #"tensor "w": storage "0" has 63 bytes, expected 64"#
    ),
    (archive(good, [:]), #"tensor "w": storage "0" is missing from the file (is the download complete?)"#),
    (
      archive(good) { $0.members[2].flags = 1 },
      #"member "a/data/0": is encrypted, expected plain bytes (decrypt the archive)"#
    ),
    (
      archive(good) { $0.members[0].flags = 1 },
      #"member "a/data.pkl": is encrypted, expected plain bytes (decrypt the archive)"#
    ),
    (
      archive(good) { $0.members[1].content = Array("big".utf8) },
      #"member "a/byteorder": stores big-endian numbers, which are not read (save the model on a little-endian machine)"#
    ),
    (
      archive(good) { $0.members[2].name = "a/../data/0" },
      #"member "a/../data/0": name is not a path within the archive"#
    ),
    (
      archive(good) { $0.members.append(.init("b/data.pkl", good)) },
      #"zip archive has several state dicts: "a/data.pkl", "b/data.pkl""#
    ),
    (
      archive(state(item.tensor("0", elements: 16, offset: 1, shape: [4, 4], strides: [4, 1]))),
      #"tensor "w": ends at byte 68 of its storage, which has 64"#
    ),
    (
      archive(state(item.tensor("0", elements: 16, shape: [4, 4], strides: [5, 1]))),
      #"tensor "w": ends at byte 76 of its storage, which has 64"#
    ),
    (
      archive(state(item.tensor("0", elements: 17, shape: [4, 4], strides: [4, 1]))),
      #"tensor "w": storage "0" has 64 bytes, expected 68"#
    ),
    (
      archive(state(item.tensor("0", elements: 16, shape: [1 << 40, 1 << 40], strides: [0, 0]))),
      #"tensor "w": has more bytes than 63 bits can count"#
    ),
    (
      archive(state(item.tensor("0", elements: 16, shape: [1 << 40], strides: [0]))),
      #"tensor "w": repeats 16 elements to 1,099,511,627,776, which is not read (save it contiguous)"#
    ),
    (
      archive(state(item.tensor("0", elements: 16, shape: [4], strides: [-1]))),
      #"tensor "w": is made of other values, expected sizes from 0 up"#
    ),
    (
      archive(state(item.tensor("0", elements: 16, shape: [-4], strides: [1]))),
      #"tensor "w": is made of other values, expected sizes from 0 up"#
    ),
    (
      archive(state(item.tensor("0", elements: 16, offset: -1, shape: [4], strides: [1]))),
      #"tensor "w": is made of other values, expected storage, offset, shape and strides"#
    ),
    (
      archive(state(item.tensor("0", elements: 16, offset: .max, shape: [4], strides: [1]))),
      #"tensor "w": has more bytes than 63 bits can count"#
    ),
    (
      archive(state(item.tensor("0", elements: .max, shape: [4], strides: [1]))),
      #"tensor "w": has more bytes than 63 bits can count"#
    ),
    (
      archive(state(item.tensor("0", elements: -1, shape: [4], strides: [1]))),
      #"tensor "w": is made of other values, expected a storage"#
    ),
    (
      archive(state(item.tensor("0", elements: 16, shape: [4], strides: [1, 1]))),
      #"tensor "w": is made of other values, expected storage, offset, shape and strides"#
    ),
    (
      archive(state(item.tensor("0", "system", elements: 16, shape: [4], strides: [1]))),
      #"tensor "w": storage is of type "torch.system", which is unknown"#
    ),
    (
      archive(state(item.global("torch._utils", "_rebuild_parameter").emptyTuple.reduce)),
      #"tensor "w": is made of other values, expected a tensor"#
    ),
    (
      archive(PickleBytes().integer(3).stopped),
      "contains no tensors (its pickle is a single value), expected a state dict"
    ),
    (
      archive(PickleBytes().dictionary.stopped),
      "contains no tensors (its pickle is a dictionary of 0 items), expected a state dict"
    ),
    (
      archive(PickleBytes().global("posix", "system").mark.text("touch x").tuple.reduce.stopped),
      #"contains no tensors (its pickle is an object of "posix.system"), expected a state dict"#
    ),
    (archive(PickleBytes().list.put(0).get(0).append.stopped), "values are nested in more than 64 others"),
    (
      archive([0x80, 2, 0x49]),
      #"member "a/data.pkl": pickle at byte 2: opcode INT: is not read (save the model as safetensors)"#
    ),
    (
      archive(
        state(
          PickleBytes().dictionary.text(String(repeating: "n", count: 2000)).tensor(
            "0", elements: 16, shape: [4], strides: [1]))),
      "a tensor's name has 2,001 bytes, expected at most 1,024"
    ),
    (
      [0x80, 2, 0x4B, 3, 0x2E, 0x2E],
      "is a pickle of the number 3, expected a PyTorch checkpoint (save the model as safetensors)"
    ),
  ]

  @Test("is refused in one line", arguments: refused.indices)
  func refusals(index: Int) {
    #expect(failure { try open(Self.refused[index].bytes) } == "m.bin: " + Self.refused[index].message)
  }

  @Test("that doubles a list sixty times is refused before it is walked")
  func doubled() {
    // l1 = [l0, l0], l2 = [l1, l1], …
    var pickle = PickleBytes().list.put(0)
    for index in 0..<60 as Range<UInt8> {
      pickle = pickle.list.put(index + 1).get(index).append.get(index).append
    }
    #expect(
      failure {
        var reader = StateDictReader(
          try PickleMachine.read(pickle.stopped), PersistentStorages(), maximumContainerCount: 1_000)
        try reader.read()
        return reader.entries
      } == "values that contain others are there more than 1,000 times")
  }

  @Test("that names code is read for its tensors, and nothing is run")
  func code() throws {
    let pickle = Self.item.tensor("0", elements: 16, shape: [4, 4], strides: [4, 1]) + [0x73]
    let hostile = pickle.text("x").global("posix", "system").mark.text("touch x").tuple.reduce + [0x73]
    let checkpoint = try open(Self.archive(hostile.stopped))
    #expect(checkpoint.tensors.map(\.name.text) == ["w"])
    #expect(checkpoint.remarks == ["its pickle names \"posix.system\", which is neither imported nor run"])
  }

  @Test("is not looked for in a dictionary of a known name without tensors")
  func emptyWrapper() throws {
    let settings = PickleBytes().dictionary.text("model").dictionary.text("width").integer(4) + [0x73, 0x73]
    let state = settings.text("w").tensor("0", elements: 16, shape: [4, 4], strides: [4, 1]) + [0x73]
    let checkpoint = try open(Self.archive(state.stopped))
    #expect(checkpoint.tensors.map(\.name.text) == ["w"])
    #expect(checkpoint.remarks.isEmpty)
  }

  @Test("repeats an element at most sixteen million times")
  func expanded() throws {
    let checkpoint = try open(
      Self.archive(Self.state(Self.item.tensor("0", elements: 16, shape: [1 << 24], strides: [0]))))
    #expect(checkpoint.tensors[0].byteCount == 4 << 24)
    #expect(try checkpoint.files[1].bytes(at: (4 << 24) - 8, count: 8) == [1, 1, 1, 1, 1, 1, 1, 1])
  }

  @Test("whose values are negated or conjugated when they are read is refused", arguments: ["neg", "conj"])
  func lazily(flag: String) {
    let arguments = Self.item.global("torch._utils", "_rebuild_tensor_v2").mark.storage("0", elements: 16).integer(0)
      .integers([4]).integers([1]).integer(0).dictionary
    let tensor = (arguments.dictionary.text(flag) + [0x88, 0x73]).tuple.reduce
    let words = flag == "neg" ? "negated" : "conjugated"
    #expect(
      failure { try open(Self.archive(Self.state(tensor))) }
        == "m.bin: tensor \"w\": is stored \(words), which is not read (save its resolved values)")
  }

  /// The form of pickles, of one tensor in a view of a storage of 16 elements.
  private static func legacy(view: [Int], elements: Int = 16, count: Int = 16, keys: [String] = ["7"]) -> [UInt8] {
    let magic = PickleBytes() + [0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    let key = PickleBytes().dictionary.text("w").global("torch._utils", "_rebuild_tensor_v2").mark
    let storage = key.mark.text("storage").global("torch", "FloatStorage").text("7").text("cpu").integer(elements)
      .mark.text("8").integer(view[0]).integer(view[1]).tuple.tuple.persistent
    let object = storage.integer(1).integers([2, 2]).integers([2, 1]).integer(0).dictionary.tuple.reduce + [0x73]
    let list = keys.reduce(PickleBytes().list) { $0.text($1).append }
    var bytes = magic.stopped
    bytes += PickleBytes().integer(1001).stopped
    bytes += PickleBytes().dictionary.stopped
    bytes += object.stopped
    bytes += list.stopped
    bytes += [UInt8(count), 0, 0, 0, 0, 0, 0, 0]
    for element in 0..<16 as Range<UInt8> { bytes += [element, 0, 0, 0] }
    return bytes
  }

  @Test("in the form of pickles may have views of storages, within them")
  func views() throws {
    let checkpoint = try open(Self.legacy(view: [3, 8]))
    let range = try #require(checkpoint.tensor("w")?.byteRange)
    #expect(
      try checkpoint.files[0].bytes(at: range.offset, count: 16) == [4, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0])
    for view in [[3, 14], [17, 0], [-1, 4], [3, -1], [.max, 1], [1, .max]] {
      #expect(failure { try open(Self.legacy(view: view)) }.hasSuffix("expected a view within its storage"), "\(view)")
    }
    #expect(
      failure { try open(Self.legacy(view: [3, 4])) }
        == "m.bin: tensor \"w\": ends at byte 20 of its storage, which has 16")
  }

  @Test("in the form of pickles must have the storages that its tensors name")
  func storages() {
    #expect(
      failure { try open(Self.legacy(view: [3, 8], count: 15)) }.contains("expected 16 elements, as the object says"))
    #expect(failure { try open(Self.legacy(view: [3, 8], elements: 17, count: 17)) }.contains("4 bytes are missing"))
    #expect(
      failure { try open(Self.legacy(view: [3, 8], keys: [])) }.contains("storage \"7\" is missing from the file"))
    for keys in [["7", "7"], ["9"]] {
      #expect(failure { try open(Self.legacy(view: [3, 8], keys: keys)) }.contains("expected one of each"), "\(keys)")
    }
  }

  @Test(
    "cut anywhere is refused",
    arguments: ["tensor.pt", "legacy.pth", "tar.pth"])
  func truncation(name: String) throws {
    let file = try LocalFile(Fixtures.path("pytorch", name)), bytes = try file.wholeContent(limit: 1 << 16)
    // Zeros fill the last block of a tar archive.
    let end = name == "tar.pth" ? try TarArchive(file)["pickle"]?.upperBound : nil
    for count in 0..<(end ?? bytes.count) {
      #expect(failure { try open(Array(bytes.prefix(count))) } != "", "after \(count) bytes")
    }
  }

  @Test(
    "damaged anywhere is read or refused",
    arguments: ["views.pth", "legacy.pth", "deflated.pth", "tar.pth", "trainer.pt", "module.pt", "nested.pt"])
  func mutation(name: String) throws {
    let bytes = try LocalFile(Fixtures.path("pytorch", name)).wholeContent(limit: 1 << 16)
    var generator = SeededGenerator(seed: 11)
    let extremes: [UInt8] = [0, 0xFF, 0x7F, 0x80]
    for _ in 0..<200 {
      var changed = bytes
      for _ in 0...Int.random(in: 0..<3, using: &generator) {
        let position = Int.random(in: changed.indices, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: changed[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: changed[position] = UInt8.random(in: 0...255, using: &generator)
        case 2: changed[position] = extremes[Int.random(in: 0..<4, using: &generator)]
        case 3: changed.remove(at: position)
        default: changed.insert(changed[position], at: position)
        }
      }
      do {
        let checkpoint = try open(changed)
        for tensor in checkpoint.tensors {
          guard let range = tensor.byteRange else { continue }
          #expect(range.offset >= 0 && range.byteCount <= checkpoint.files[range.fileIndex].byteCount - range.offset)
          if range.byteCount < 1 << 20 {
            _ = try? checkpoint.files[range.fileIndex].bytes(at: range.offset, count: range.byteCount)
          }
        }
      } catch {
        #expect(error is any IngotError)
        #expect("\(error)".hasPrefix("m.bin"))
      }
    }
  }
}

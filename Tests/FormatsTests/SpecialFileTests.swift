import Bytes
import Formats
import Synchronization
import TestSupport
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Files that are not what they claim get a diagnosis of their own.
@Suite("A file")
struct SpecialFileTests {
  let folder = TemporaryFolder()

  static let pointer =
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"

  static let contents: [HostileFile] = [
    HostileFile(
      name: "m.safetensors", bytes: Array((pointer + "size 1234567890\n").utf8),
      message: "is a Git LFS pointer to a file of 1,234,567,890 bytes (fetch it with git lfs pull)"),
    HostileFile(
      name: "pointer.gguf", bytes: Array(pointer.utf8), message: "is a Git LFS pointer (fetch it with git lfs pull)"),
    HostileFile(
      name: "page.gguf", bytes: Array("\n <!DOCTYPE HTML>\n<html>".utf8),
      message: "is an HTML page: the download got a web page in place of the file (fetch it again)"),
    HostileFile(
      name: "page.safetensors", bytes: [0xEF, 0xBB, 0xBF] + Array("<html lang=en>".utf8),
      message: "is an HTML page: the download got a web page in place of the file (fetch it again)"),
    HostileFile(
      name: "zeros.safetensors", bytes: [UInt8](repeating: 0, count: 10_000),
      message: "begins with 4,096 zero bytes: the download was reserved but not written (fetch it again)"),
    HostileFile(
      name: "zeros.gguf", bytes: [UInt8](repeating: 0, count: 64),
      message: "begins with 64 zero bytes: the download was reserved but not written (fetch it again)"),
    HostileFile(
      name: "pytorch_model.bin", bytes: [0x50, 0x4B, 3, 4, 0, 0, 8, 8, 0],
      message: "is a PyTorch checkpoint, which is not read (save the model as safetensors)"),
    HostileFile(
      name: "m.zip", bytes: ZipBytes.archive(["readme.md", "m/weights.dat"]),
      message: "is a zip archive, expected a checkpoint (unpack it and pass what is inside)"),
    HostileFile(
      name: "embeddings", bytes: ZipBytes.archive(["table.npy", "lengths.npy"]),
      message: "is a NumPy archive (.npz), which is not read (save the model as safetensors)"),
    HostileFile(
      name: "cut.bin", bytes: Array(ZipBytes.archive(["archive/data.pkl", "archive/data/0"]).prefix(60)),
      message: "is a PyTorch checkpoint, which is not read (save the model as safetensors)"),
    HostileFile(
      name: "m.bin", bytes: ZipBytes.archive(["config.json", "metadata.json", "model.weights.h5"]),
      message: "is a Keras model, which is not read (save the model as safetensors)"),
    HostileFile(
      name: "m", bytes: ZipBytes.archive(["x/archive/data.pkl"]),
      message: "is a PyTorch checkpoint, which is not read (save the model as safetensors)"),
    HostileFile(
      name: "both.zip", bytes: ZipBytes.archive(["a/config.json", "a/model.safetensors"]),
      message: "is a zip archive with a checkpoint, which is not read (unpack it and pass what is inside)"),
    HostileFile(
      name: "tf_model.h5", bytes: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0],
      message: "is an HDF5 file, as Keras and TensorFlow write, which is not read (save the model as safetensors)"),
    HostileFile(
      name: "array", bytes: [0x93] + Array("NUMPY".utf8) + [1, 0, 0x76, 0],
      message: "is a NumPy array (.npy), which is not read (save the model as safetensors)"),
    HostileFile(
      name: "m.ONNX", bytes: [8, 7, 0x12, 7] + Array("pytorch".utf8) + [0x1A, 5],
      message: "is an ONNX model, which is not read (convert the model that it was exported from)"),
    HostileFile(
      name: "m.safetensors.gz", bytes: [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3],
      message: "is a gzip archive, which is not read (unpack it and pass what is inside)"),
    HostileFile(
      name: "m.tar", bytes: Array(repeating: 0x61, count: 257) + Array("ustar".utf8) + [0, 0x30, 0x30],
      message: "is a tar archive, which is not read (unpack it and pass what is inside)"),
    HostileFile(
      name: "old.pt", bytes: [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20],
      message: "is a pickle, as old PyTorch checkpoints are, which are not read (save the model as safetensors)"),
    HostileFile(
      name: "ggml.bin", bytes: Array("tjgg".utf8) + [3, 0, 0, 0, 0, 0],
      message: "header: needs 4 bytes at byte 8, but 2 remain (2 bytes are missing; is the download complete?)"),
    HostileFile(
      name: "noise", bytes: [1, 2, 3, 250, 5, 6, 7, 8, 9],
      message: "is neither safetensors nor GGUF (begins with 01 02 03 fa 05 06 07 08)"),
    HostileFile(
      name: "missing.safetensors", bytes: Array("Entry not found".utf8),
      message: "is plain text, expected a checkpoint (begins with \"Entry not found\")"),
    HostileFile(
      name: "denied.gguf", bytes: Array("{\"error\":\"Invalid username or password.\"}\n".utf8),
      message: "is plain text, expected a checkpoint (begins with \"{\"error\":\"Invalid username or pa\")"),
    HostileFile(
      name: "umlauts.gguf", bytes: Array(("x" + String(repeating: "ü", count: 4096)).utf8),
      message: "is plain text, expected a checkpoint (begins with \"x\(String(repeating: "ü", count: 31))\")"),
    HostileFile(name: "short", bytes: [7], message: "is neither safetensors nor GGUF (begins with 07)"),
    HostileFile(name: "short.gguf", bytes: Array("GG".utf8), message: "begins with 47 47, expected \"GGUF\""),
    HostileFile(name: "empty.gguf", bytes: [], message: "is empty, expected a checkpoint"),
    HostileFile(
      name: "config.json", bytes: Array("{\"model_type\": \"llama\"}".utf8),
      message: "has no \"weight_map\", so it is not an index of shards (pass the model's folder or its weights)"),
    HostileFile(name: "empty.json", bytes: [], message: "is empty, expected JSON"),
    HostileFile(
      name: "hostile\u{1b}[2J\n.gguf", bytes: [], message: "is empty, expected a checkpoint"),
  ]

  @Test("diagnoses", arguments: contents)
  func diagnosis(file: HostileFile) throws {
    let path = try folder.writeUnflushed(file.bytes, to: file.name)
    #expect(failure { try Checkpoint.open(path) } == "\(path.escapedForDisplay): \(file.message)")
  }

  @Test("is recognized by content before its name")
  func content() throws {
    let safeTensors = try folder.write(SafeTensorsBytes("{}").bytes, to: "a.gguf")
    #expect(try Checkpoint.open(safeTensors).container == .safeTensors)
    let gguf = try folder.write(GGUFBytes().headerBytes, to: "b.safetensors")
    #expect(try Checkpoint.open(gguf).container == .gguf)
  }

  @Test("is refused if it is not a regular file")
  func irregular() throws {
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(failure { try Checkpoint.open(pipe) } == "\(pipe): is a pipe, expected a regular file")
    #expect(failure { try Checkpoint.open("/dev/random") } == "/dev/random: is a device, expected a regular file")
    let missing = folder.file("missing.gguf")
    #expect(failure { try Checkpoint.open(missing) } == "\(missing): cannot be opened: no such file or folder")
    let loop = folder.file("loop.gguf")
    #expect(symlink(loop, loop) == 0)
    #expect(failure { try Checkpoint.open(loop) }.hasPrefix("\(loop): cannot be opened: "))
  }

  @Test("is followed if it is a link to a regular file")
  func links() throws {
    let blob = try folder.write(GGUFBytes().headerBytes, to: "blob")
    let link = folder.file("model.gguf")
    #expect(symlink(blob, link) == 0)
    #expect(try Checkpoint.open(link).container == .gguf)
  }

  @Test(
    "of a sparse file of 8 GiB only the header is read",
    arguments: [
      SafeTensorsBytes("{}").bytes, [0xFF, 0xE0, 0xF5, 5, 0, 0, 0, 0, 0x7B], GGUFBytes().headerBytes,
      {
        var file = GGUFBytes()
        file.declaredTensorCount = 300_000_000
        file.statedPairCount = 300_000_000
        return file.headerBytes
      }(),
    ])
  func sparse(bytes: [UInt8]) throws {
    let path = try folder.writeUnflushed(bytes, to: "sparse")
    #expect(truncate(path, 8 << 30) == 0)
    let source = CountingSource(try LocalFile(path))
    _ = failure { try Checkpoint.open(InputLocation(folder: LocalFolder(folder.path), file: source)) }
    #expect(source.readByteCount <= SafeTensors.maximumHeaderByteCount + (1 << 20))
  }
}

/// A file that counts how many of its bytes are read.
private final class CountingSource: ByteSource {
  private let file: LocalFile
  private let count = Mutex(0)

  init(_ file: LocalFile) { self.file = file }

  var path: String { file.path }
  var byteCount: Int { file.byteCount }
  var readByteCount: Int { count.withLock { $0 } }

  func read(at offset: Int, count: Int, into buffer: inout MutableRawSpan, at position: Int) throws(FileError) {
    self.count.withLock { $0 += count }
    try file.read(at: offset, count: count, into: &buffer, at: position)
  }

  func requireUnchanged() throws(FileError) { try file.requireUnchanged() }
}

/// Zip archives of empty members.
enum ZipBytes {
  static func archive(_ names: [String]) -> [UInt8] {
    func number(_ value: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var bytes: [UInt8] = [], directory: [UInt8] = []
    for name in names {
      let length = number(name.utf8.count, 2)
      directory += [0x50, 0x4B, 1, 2] + [UInt8](repeating: 0, count: 24) + length + [UInt8](repeating: 0, count: 12)
      directory += number(bytes.count, 4) + name.utf8
      bytes += [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + length + [0, 0] + name.utf8
    }
    let end = number(names.count, 2) + number(names.count, 2) + number(directory.count, 4) + number(bytes.count, 4)
    return bytes + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + end + [0, 0]
  }
}

// Where several entries fit, the first one counts: special suffixes come before general ones.

extension ForeignFormat {
  private static let asSafeTensors = "save the model as safetensors"
  private static let original = "convert the model that it was exported from"
  private static let unpack = "unpack it and pass what is inside"

  static let pyTorch = ForeignFormat(
    "a PyTorch checkpoint", nextStep: asSafeTensors, suffixes: [".pt", ".pth", ".ckpt", ".bin"],
    members: ["/data.pkl", "/.data/serialization_id", "/constants.pkl"])

  static let numPyArchive = ForeignFormat(
    "a NumPy archive (.npz)", nextStep: asSafeTensors, suffixes: [".npz"], members: [".npy"])

  static let numPyArray = ForeignFormat(
    "a NumPy array (.npy)", nextStep: asSafeTensors, suffixes: [".npy"], magics: [Magic([0x93] + "NUMPY".utf8)])

  static let tar = ForeignFormat(
    "a tar archive", nextStep: unpack, suffixes: [".tar"], magics: [Magic("ustar".utf8, at: 257)])

  static let all = [
    numPyArchive,
    numPyArray,
    ForeignFormat(
      "a Keras model", nextStep: asSafeTensors, suffixes: [".keras"], members: ["model.weights.h5"]),
    ForeignFormat(
      "an HDF5 file, as Keras and TensorFlow write", nextStep: asSafeTensors, suffixes: [".h5", ".hdf5"],
      magics: [Magic([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A])]),
    ForeignFormat(
      "a TensorFlow Lite model", nextStep: original, suffixes: [".tflite"], magics: [Magic("TFL3".utf8, at: 4)]),
    ForeignFormat(
      "an ONNX model", nextStep: original, suffixes: [".onnx", ".onnx_data", ".onnx.data"], members: [".onnx"]),
    ForeignFormat(
      "a TensorFlow model", nextStep: asSafeTensors,
      suffixes: ["saved_model.pb", ".ckpt.index", ".ckpt.meta", ".data-00000-of-00001", ".pb"],
      members: ["saved_model.pb"]),
    ForeignFormat("a Flax checkpoint", nextStep: asSafeTensors, suffixes: [".msgpack"]),
    ForeignFormat(
      "a Core ML model", nextStep: original, suffixes: [".mlpackage", ".mlmodel", ".mlmodelc"],
      members: [".mlmodel", "coremldata.bin"]),
    ForeignFormat(
      "an OpenVINO model", nextStep: original, suffixes: ["openvino_model.bin", "openvino_model.xml"]),
    ForeignFormat(
      "a TensorRT engine", nextStep: original, suffixes: [".engine", ".plan"], magics: [Magic("ftrt".utf8)]),
    ForeignFormat(
      "an MLC model", nextStep: original,
      suffixes: ["ndarray-cache.json", "params_shard_0.bin", "tensor-cache.json"]),
    ForeignFormat("a rust-bert model", nextStep: asSafeTensors, suffixes: [".ot"]),
    ForeignFormat(
      "a distributed checkpoint of PyTorch", nextStep: "fetch its file .metadata too",
      suffixes: [".distcp"]),
    ForeignFormat(
      "a DeepSpeed checkpoint", nextStep: "join it with zero_to_fp32.py",
      suffixes: ["_model_states.pt", "_optim_states.pt"]),
    ForeignFormat("a NeMo archive", nextStep: asSafeTensors, suffixes: [".nemo"]),
    pyTorch,
    ForeignFormat(
      "an importance matrix of the old form", nextStep: "pass it to quantize with --imatrix",
      suffixes: ["imatrix.dat"]),
    ForeignFormat("a gzip archive", nextStep: unpack, suffixes: [".gz", ".tgz"], magics: [Magic([0x1F, 0x8B])]),
    ForeignFormat(
      "a Zstandard archive", nextStep: unpack, suffixes: [".zst"], magics: [Magic([0x28, 0xB5, 0x2F, 0xFD])]),
    ForeignFormat(
      "an xz archive", nextStep: unpack, suffixes: [".xz"], magics: [Magic([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0])]),
    ForeignFormat("a bzip2 archive", nextStep: unpack, suffixes: [".bz2"], magics: [Magic("BZh".utf8)]),
    ForeignFormat(
      "a 7-Zip archive", nextStep: unpack, suffixes: [".7z"], magics: [Magic([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C])]),
    ForeignFormat("a RAR archive", nextStep: unpack, suffixes: [".rar"], magics: [Magic("Rar!".utf8)]),
    tar,
    ForeignFormat("a PDF", nextStep: "pass a checkpoint", suffixes: [".pdf"], magics: [Magic("%PDF".utf8)]),
    ForeignFormat(
      "an unfinished download", nextStep: "let it finish or fetch it again",
      suffixes: [".incomplete", ".crdownload", ".part", ".aria2"]),
    ForeignFormat(
      "a zip archive with a checkpoint", nextStep: unpack, suffixes: [],
      members: [".safetensors", ".gguf", ".bin", ".pth", ".pt"]),
  ]
}

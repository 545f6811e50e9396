using LongContext.Checkpoints;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Checkpoints;

/// <summary>A Llama with random weights (248M, bfloat16: 496 MB) in a temporary folder of five shards, and the same in 8-bit floats with block scales.</summary>
internal sealed class ModelFolder : IDisposable
{
    public const long ShardBytes = 120_000_000;
    private readonly string folder = Directory.CreateTempSubdirectory("longcontext-load-").FullName;

    public ModelFolder()
    {
        var config = new ModelConfig
        {
            VocabularySize = 32_000,
            HiddenSize = 1_024,
            IntermediateSize = 4_096,
            LayerCount = 12,
            HeadCount = 16,
            KeyValueHeadCount = 4,
        };
        using CausalLanguageModel model = CausalLanguageModel.Create(config, seed: 1, new ModelLoadOptions { DataType = ScalarType.BFloat16 });
        Elements = model.Parameters.ElementCount;
        model.Save(BFloat16, ShardBytes);
        WriteFloat8(model);
    }

    public long Elements { get; }

    public string BFloat16 => Path.Combine(folder, "bfloat16");

    public string Float8 => Path.Combine(folder, "float8");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Random bytes for the matrices of the layers: how long decoding takes does not depend on their values.</summary>
    private void WriteFloat8(CausalLanguageModel model)
    {
        Directory.CreateDirectory(Float8);
        var random = new Random(1);
        var entries = new List<SafetensorsEntry>();
        foreach ((string name, Tensor tensor) in model.Parameters)
        {
            if (!name.EndsWith("proj.weight", StringComparison.Ordinal))
            {
                entries.Add(SafetensorsTensors.Entry(name, tensor));
                continue;
            }

            byte[] bits = new byte[tensor.numel()];
            random.NextBytes(bits);
            for (int i = 0; i < bits.Length; i++) bits[i] &= 0xBF;
            long[] blocks = [(tensor.shape[0] + 127) / 128, (tensor.shape[1] + 127) / 128];
            float[] scales = new float[blocks[0] * blocks[1]];
            Array.Fill(scales, 0.01f);
            entries.Add(new SafetensorsEntry(name, TensorDataType.Float8E4M3, tensor.shape, stream => stream.Write(bits)));
            entries.Add(SafetensorsEntry.Create<float>(name + "_scale_inv", blocks, scales));
        }

        CheckpointWriter.Write(Float8, entries, ShardBytes);
        File.WriteAllText(
            Path.Combine(Float8, "config.json"),
            model.Config.WithField("quantization_config", new System.Text.Json.Nodes.JsonObject { ["quant_method"] = "fp8" }).ToJson());
    }
}

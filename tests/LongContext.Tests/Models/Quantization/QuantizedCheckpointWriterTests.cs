using System.Security.Cryptography;
using System.Text;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Models.Quantization;
using LongContext.Tensors;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Models.Quantization;

/// <summary>What quantised folders are made of, byte for byte, and when.</summary>
public sealed class QuantizedCheckpointWriterTests
{
    /// <summary>A format, a form, whether it is symmetric or has its magnitudes quantised, and the first 40 digits of the SHA-256 over all files, as they were before values were made one tensor after another.</summary>
    public static TheoryData<QuantizationFormat, QuantizedCheckpointForm, bool, string> Written() => new()
    {
        { QuantizationFormat.Int4, QuantizedCheckpointForm.Gptq, true, "d6b45d1235690c743c3265ce82c78f84a6a6df56" },
        { QuantizationFormat.Int4, QuantizedCheckpointForm.Gptq, false, "bbe5aef804187e76fe805845b18eee0884b5cb5e" },
        { QuantizationFormat.Int4, QuantizedCheckpointForm.CompressedTensors, false, "977c4c400a57379a2e63ce2abb81f45b52187531" },
        { QuantizationFormat.Int8, QuantizedCheckpointForm.CompressedTensors, true, "09c8fa190aa65465fc88188a139e9a6bea539048" },
        { QuantizationFormat.Float8, QuantizedCheckpointForm.CompressedTensors, true, "a9a58b02e16d5850267bc1b7b84a747deb5c37bf" },
        { QuantizationFormat.Nf4, QuantizedCheckpointForm.BitsAndBytes, true, "706f01b7eddcf04bd89bbc0e970a953bc41cda73" },
        { QuantizationFormat.Nf4, QuantizedCheckpointForm.BitsAndBytes, false, "64a81d829115a60edc0463c1cb58d558ed176ef2" },
    };

    [Theory, MemberData(nameof(Written))]
    public void SaveQuantized_KnownNumbers_HasTheBytesItAlwaysHad(QuantizationFormat format, QuantizedCheckpointForm form, bool flag, string sha256)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = Quantized(format, form, flag);
        model.SaveQuantized(folder.Path, new QuantizedSaveOptions { Form = form });
        Assert.Equal(sha256, HashOf(folder.Path));
    }

    [Theory, MemberData(nameof(Written))]
    public void Entries_ModelThatChangesAfterwards_AreOfWhatItIsWhenTheyAreWritten(QuantizationFormat format, QuantizedCheckpointForm form, bool flag, string sha256)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder(), whole = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = Quantized(format, form, flag);
        SafetensorsEntry[] entries = [.. QuantizedCheckpointWriter.For(model, form).Entries()];
        foreach (Parameter parameter in model.Parameters.All.Where(parameter => parameter.Quantized is not null)) Double(parameter.Quantized!);
        CheckpointWriter.Write(folder.Path, entries);
        model.SaveQuantized(whole.Path, new QuantizedSaveOptions { Form = form });
        Assert.Equal(File.ReadAllBytes(whole["model.safetensors"]), File.ReadAllBytes(folder["model.safetensors"]));
        Assert.NotEqual(sha256, HashOf(whole.Path));
    }

    /// <summary>A model of numbers that follow from their places by sums and products alone, so that every machine has the same.</summary>
    private static CausalLanguageModel Quantized(QuantizationFormat format, QuantizedCheckpointForm form, bool flag)
    {
        int? groupSize = form == QuantizedCheckpointForm.Gptq ? 16 : null; // compressed-tensors' rows must be whole groups
        CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.BFloat16);
        using (no_grad())
        {
            foreach (Parameter parameter in model.Parameters.All) Fill(parameter.Value, 64);
        }

        ModelQuantizer.Quantize(model, new QuantizationOptions { Format = format, GroupSize = groupSize, Symmetric = flag, DoubleQuantized = flag, Excluded = ["v_proj"] });
        foreach (Int4Weight weight in model.Parameters.All.Select(parameter => parameter.Quantized).OfType<Int4Weight>())
        {
            // Scales are searched for, by sums of squares whose order is the machine's.
            Fill(weight.Codes, 1);
            Fill(weight.Scales, 128);
            if (weight.Zeros is { } zeros) Fill(zeros, 16);
        }

        return model;
    }

    private static void Fill(Tensor values, double divisor)
    {
        using var scope = NewDisposeScope();
        bool codes = values.dtype == ScalarType.Byte;
        float[] numbers = [.. Enumerable.Range(0, (int)values.numel()).Select(i => codes ? (int)((i * 89 % 251) / divisor) : (float)(((i * 37 % 101) - 50.5) / divisor))];
        values.copy_(tensor(numbers).reshape(values.shape));
    }

    private static void Double(QuantizedWeight weight)
    {
        using var scope = NewDisposeScope();
        switch (weight)
        {
            case Int4Weight int4: int4.Scales.MultiplyInPlace(2); break;
            case EightBitWeight int8: int8.Factors.MultiplyInPlace(2); break;
            case Float8Weight float8: float8.Factors.MultiplyInPlace(2); break;
            case Nf4FlatWeight { Blocks: { Magnitudes.AreQuantized: false } blocks }: blocks.Magnitudes.Read(0, blocks.Shape[0]).MultiplyInPlace(2); break;
            default: weight.Codes.bitwise_not_(); break;
        }
    }

    private static string HashOf(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string path in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(path)));
            hash.AppendData(File.ReadAllBytes(path));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..40];
    }
}

using System.Text;
using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Checkpoints.Quantization;
using LongContext.Models;
using LongContext.Models.Quantization;
using LongContext.Packing;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Models.Quantization;

/// <summary>Folders of quantised models: written, read back to the bit, laid out as others have them, and refused where they are damaged.</summary>
public sealed class QuantizedCheckpointTests
{
    private const string Projection = "model.layers.0.mlp.down_proj"; // [32, 40]

    private static readonly PackedBatch Pack = PackedBatch.Create([TinyModels.Document(13, 1), TinyModels.Document(9, 2)]);

    public static TheoryData<QuantizationFormat, QuantizedCheckpointForm, int?, bool> Forms() => new()
    {
        { QuantizationFormat.Int4, QuantizedCheckpointForm.Auto, 16, true },
        { QuantizationFormat.Int4, QuantizedCheckpointForm.Gptq, 16, false },
        { QuantizationFormat.Int4, QuantizedCheckpointForm.Gptq, null, false },
        { QuantizationFormat.Int4, QuantizedCheckpointForm.CompressedTensors, null, true },
        { QuantizationFormat.Int4, QuantizedCheckpointForm.CompressedTensors, null, false },
        { QuantizationFormat.Int4, QuantizedCheckpointForm.CompressedTensors, 40, false },
        { QuantizationFormat.Int8, QuantizedCheckpointForm.Auto, null, true },
        { QuantizationFormat.Float8, QuantizedCheckpointForm.CompressedTensors, null, true },
        { QuantizationFormat.Nf4, QuantizedCheckpointForm.BitsAndBytes, null, true },
        { QuantizationFormat.Nf4, QuantizedCheckpointForm.Auto, null, false },
    };

    [Theory, MemberData(nameof(Forms))]
    public void SaveQuantized_AnyForm_IsReadBackToTheBit(QuantizationFormat format, QuantizedCheckpointForm form, int? groupSize, bool flag)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder(), again = TestPaths.NewTemporaryFolder();
        foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
        {
            using CausalLanguageModel model = TinyModels.Create(dataType: type);
            var options = new QuantizationOptions { Format = format, GroupSize = groupSize, Symmetric = flag, DoubleQuantized = flag, Excluded = groupSize == 40 ? ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj"] : ["o_proj"] };
            ModelQuantizer.Quantize(model, options, cancellationToken: TestContext.Current.CancellationToken);
            model.SaveQuantized(folder.Path, new QuantizedSaveOptions { Form = form, MaximumShardBytes = 4000 });

            using CausalLanguageModel loaded = CausalLanguageModel.Load(folder.Path);
            Assert.Equal(type, loaded.DataType);
            AssertSame(model, loaded);
            Assert.Equal(TinyModels.Logits(model, Pack), TinyModels.Logits(loaded, Pack));

            // What is written again is the same, file by file.
            loaded.SaveQuantized(again.Path, new QuantizedSaveOptions { Form = form, MaximumShardBytes = 4000 });
            foreach (string path in Directory.GetFiles(folder.Path)) Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(Path.Combine(again.Path, Path.GetFileName(path))));

            using CausalLanguageModel plain = CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { DequantizesWeights = true });
            Assert.All(plain.Parameters.Values, tensor => Assert.Equal(type, tensor.dtype));
            Assert.Equal(TinyModels.Logits(model, Pack), TinyModels.Logits(plain, Pack));
            Assert.NotEmpty(plain.TrainableParameters);
            Assert.Throws<InvalidOperationException>(() => loaded.TrainableParameters);
        }
    }

    [Fact]
    public void SaveQuantized_Int8_IsPackedAsWeightsAloneAre()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32);
        ModelQuantizer.Quantize(model, new QuantizationOptions { Format = QuantizationFormat.Int8 }, cancellationToken: TestContext.Current.CancellationToken);
        model.SaveQuantized(folder.Path);
        JsonObject config = JsonNode.Parse(File.ReadAllText(folder["config.json"]))!["quantization_config"]!.AsObject();
        JsonObject weights = config["config_groups"]!["group_0"]!["weights"]!.AsObject();
        Assert.Equal(("pack-quantized", 8, "int", "channel"), (config["format"]!.GetValue<string>(), weights["num_bits"]!.GetValue<int>(), weights["type"]!.GetValue<string>(), weights["strategy"]!.GetValue<string>()));

        using SafetensorsFile file = SafetensorsFile.Open(folder["model.safetensors"]);
        Assert.Equal([32L, 10], file.Tensors[Projection + ".weight_packed"].Shape);
        sbyte[] codes = model.Parameters.Find(Projection + ".weight").Quantized!.Codes.data<sbyte>().ToArray();
        Assert.Equal(codes, file.GetBytes(Projection + ".weight_packed").ToArray().Select(value => (sbyte)(value - 128)));
    }

    [Fact]
    public void Load_GptqAsOthersWriteIt_IsTheirFormula()
    {
        // Written here by AutoGPTQ's formulas alone: w[o, i] = scale[g(i), o] · (code − zero), zero points less 1, columns in the order of activations.
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        var random = new Random(4);
        (double[,] expected, List<SafetensorsEntry> entries) = GptqTensors(random, scattered: true, zeroAdded: 1);
        Save(folder, entries, """{"quant_method": "gptq", "bits": 4, "group_size": 16, "desc_act": true, "sym": false, "checkpoint_format": "gptq", "damp_percent": 0.01, "model_name_or_path": null}""");
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path);
        AssertValues(expected, model);
        Assert.NotNull(((Int4Weight)model.Parameters.Find(Projection + ".weight").Quantized!).Columns);

        // An order of columns survives both forms; compressed-tensors has no group that is shorter, GPTQ's first form no zero point of 0.
        using TemporaryFolder written = TestPaths.NewTemporaryFolder();
        model.SaveQuantized(written.Path);
        using CausalLanguageModel back = CausalLanguageModel.Load(written.Path);
        AssertValues(expected, back);
        Assert.Contains("\"desc_act\": true", File.ReadAllText(written["config.json"]), StringComparison.Ordinal);
        Assert.Contains("group size", Assert.Throws<NotSupportedException>(() => model.SaveQuantized(written.Path, new QuantizedSaveOptions { Form = QuantizedCheckpointForm.CompressedTensors })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_GptqWithoutIndexAndInTheSecondForm_IsTheirFormula()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder(), written = TestPaths.NewTemporaryFolder();
        (double[,] expected, List<SafetensorsEntry> entries) = GptqTensors(new Random(9), scattered: false, zeroAdded: 0);
        entries.RemoveAll(entry => entry.Name.EndsWith("g_idx", StringComparison.Ordinal));
        entries.Add(SafetensorsEntry.Create<Half>(Projection + ".bias", [32], new Half[32])); // as older versions leave it
        Save(folder, entries, """{"quant_method": "gptq", "bits": 4, "group_size": 16, "checkpoint_format": "gptq_v2"}""");
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path);
        AssertValues(expected, model);
        model.SaveQuantized(written.Path);
        Assert.Contains("gptq_v2", File.ReadAllText(written["config.json"]), StringComparison.Ordinal); // there are zero points of 0
        using CausalLanguageModel back = CausalLanguageModel.Load(written.Path);
        AssertValues(expected, back);
    }

    [Fact]
    public void Load_AwqAsOthersWriteIt_IsTheirFormula()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        var random = new Random(5);
        int[] order = [0, 2, 4, 6, 1, 3, 5, 7];
        var codes = new int[32, 40];
        var zeros = new int[32, 3];
        var scales = new Half[3 * 32];
        var expected = new double[32, 40];
        for (int i = 0; i < scales.Length; i++) scales[i] = (Half)(0.01 + random.NextDouble());
        for (int o = 0; o < 32; o++)
        {
            for (int g = 0; g < 3; g++) zeros[o, g] = random.Next(16);
            for (int i = 0; i < 40; i++)
            {
                codes[o, i] = random.Next(16);
                expected[o, i] = (float)scales[(i / 16 * 32) + o] * (codes[o, i] - zeros[o, i / 16]);
            }
        }

        int[] Packed(int[,] numbers)
        {
            int count = numbers.GetLength(1);
            var words = new int[count * 4];
            for (int i = 0; i < count; i++)
            {
                for (int bit = 0; bit < 32; bit++) words[(i * 4) + (bit / 8)] |= numbers[(bit / 8 * 8) + order[bit % 8], i] << (4 * (bit % 8));
            }

            return words;
        }

        Save(folder,
        [
            SafetensorsEntry.Create<int>(Projection + ".qweight", [40, 4], Packed(codes)), SafetensorsEntry.Create<int>(Projection + ".qzeros", [3, 4], Packed(zeros)),
            SafetensorsEntry.Create<Half>(Projection + ".scales", [3, 32], scales),
        ], """{"quant_method": "awq", "bits": 4, "group_size": 16, "version": "gemm", "zero_point": true, "modules_to_not_convert": null}""");
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path);
        AssertValues(expected, model);
    }

    [Fact]
    public void Load_BitsAndBytesAsOthersWriteIt_IsTheirFormula()
    {
        // 32 · 40 = 1280 values in 20 blocks of 64 over the rows' ends; magnitudes in codes of groups of 256.
        foreach (bool nested in new[] { true, false })
        {
            using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
            var random = new Random(6);
            byte[] codes = new byte[640], magnitudeCodes = new byte[20];
            random.NextBytes(codes);
            random.NextBytes(magnitudeCodes);
            float[] table = DynamicCodebook.Values, largest = [0.7f], plain = [.. Enumerable.Range(0, 20).Select(_ => (float)random.NextDouble())];
            const float Offset = 1.25f;
            var expected = new double[32, 40];
            for (int i = 0; i < 1280; i++)
            {
                int code = i % 2 == 0 ? codes[i / 2] >> 4 : codes[i / 2] & 15;
                float magnitude = nested ? (table[magnitudeCodes[i / 64]] * largest[0]) + Offset : plain[i / 64];
                expected[i / 40, i % 40] = Nf4Codebook.Values[code] * magnitude;
            }

            string weight = Projection + ".weight";
            const string Nested = """, "nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 1.25""";
            string state = """{"quant_type": "nf4", "blocksize": 64, "dtype": "float16", "shape": [32, 40]""" + (nested ? Nested : "") + "}";
            byte[] json = Encoding.UTF8.GetBytes(state);
            List<SafetensorsEntry> entries =
            [
                SafetensorsEntry.Create<byte>(weight, [640, 1], codes), SafetensorsEntry.Create<float>(weight + ".quant_map", [16], Nf4Codebook.Values.ToArray()),
                SafetensorsEntry.Create<byte>(weight + ".quant_state.bitsandbytes__nf4", [json.Length], json),
                nested ? SafetensorsEntry.Create<byte>(weight + ".absmax", [20], magnitudeCodes) : SafetensorsEntry.Create<float>(weight + ".absmax", [20], plain),
            ];
            if (nested) entries.AddRange([SafetensorsEntry.Create<float>(weight + ".nested_absmax", [1], largest), SafetensorsEntry.Create<float>(weight + ".nested_quant_map", [256], table)]);
            Save(folder, entries, """{"quant_method": "bitsandbytes", "load_in_4bit": true, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": true}""");
            using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path);
            AssertValues(expected, model);
            Assert.IsType<Nf4FlatWeight>(model.Parameters.Find(weight).Quantized);
        }
    }

    [Fact]
    public void Load_WholeNumbersOfEightBits_AreTheirFormulas()
    {
        var random = new Random(8);
        sbyte[] codes = [.. Enumerable.Range(0, 1280).Select(_ => (sbyte)random.Next(-128, 128))];
        float[] scales = [.. Enumerable.Range(0, 32).Select(_ => (float)random.NextDouble())];
        var expected = new double[32, 40];
        for (int i = 0; i < 1280; i++) expected[i / 40, i % 40] = scales[i / 40] * codes[i];
        int[] words = new int[320];
        for (int i = 0; i < 1280; i++) words[i / 4] |= (codes[i] + 128) << (8 * (i % 4));
        const string Groups = """ "config_groups": {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 8, "type": "int", "symmetric": true, "strategy": "channel"}}}""";
        (string Config, SafetensorsEntry[] Entries)[] forms =
        [
            ("""{"quant_method": "compressed-tensors", "format": "int-quantized", """ + Groups + "}",
                [SafetensorsEntry.Create<sbyte>(Projection + ".weight", [32, 40], codes), SafetensorsEntry.Create<float>(Projection + ".weight_scale", [32, 1], scales)]),
            ("""{"quant_method": "compressed-tensors", "format": "pack-quantized", """ + Groups + "}",
                [SafetensorsEntry.Create<int>(Projection + ".weight_packed", [32, 10], words), SafetensorsEntry.Create<float>(Projection + ".weight_scale", [32, 1], scales), SafetensorsEntry.Create<long>(Projection + ".weight_shape", [2], new long[] { 32, 40 })]),
            ("""{"quant_method": "bitsandbytes", "load_in_8bit": true}""",
                [SafetensorsEntry.Create<sbyte>(Projection + ".weight", [32, 40], codes), SafetensorsEntry.Create<float>(Projection + ".SCB", [32], scales.Select(scale => scale * 127).ToArray()), SafetensorsEntry.Create<byte>(Projection + ".weight_format", [], new byte[1])]),
        ];
        foreach ((string config, SafetensorsEntry[] entries) in forms)
        {
            using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
            Save(folder, entries, config);
            using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path);
            AssertValues(expected, model, config.Contains("bitsandbytes", StringComparison.Ordinal) ? 1e-5 : 0); // SCB, a row's largest magnitude, is rounded
            Assert.IsType<EightBitWeight>(model.Parameters.Find(Projection + ".weight").Quantized);
        }
    }

    [Theory]
    [InlineData("qweight shape", "qweight", "[5, 32]")]
    [InlineData("qweight type", "qweight", "Int32")]
    [InlineData("no scales", "scales", "missing")]
    [InlineData("no zeros", "qzeros", "missing")]
    [InlineData("scale", "scales", "finite")]
    [InlineData("group outside", "g_idx", "group 3")]
    [InlineData("group crowded", "g_idx", "17 columns")]
    [InlineData("group size", "scales", "[2, 32]")]
    public void Load_DamagedGptq_NamesFileTensorAndFault(string damage, string tensor, string fault)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (_, List<SafetensorsEntry> entries) = GptqTensors(new Random(4), scattered: false, zeroAdded: 1);
        void Swap(string end, SafetensorsEntry? by)
        {
            entries.RemoveAll(entry => entry.Name.EndsWith(end, StringComparison.Ordinal));
            if (by is not null) entries.Add(by);
        }

        int[] index = [.. Enumerable.Range(0, 40).Select(i => i / 16)];
        var bad = new Half[96];
        bad[7] = Half.NaN;
        switch (damage)
        {
            case "qweight shape": Swap("qweight", SafetensorsEntry.Create<int>(Projection + ".qweight", [4, 32], new int[128])); break;
            case "qweight type": Swap("qweight", SafetensorsEntry.Create<float>(Projection + ".qweight", [5, 32], new float[160])); break;
            case "no scales": Swap("scales", null); break;
            case "no zeros": Swap("qzeros", null); break;
            case "scale": Swap("scales", SafetensorsEntry.Create<Half>(Projection + ".scales", [3, 32], bad)); break;
            case "group outside": index[39] = 3; Swap("g_idx", SafetensorsEntry.Create<int>(Projection + ".g_idx", [40], index)); break;
            case "group crowded": index[39] = 0; Swap("g_idx", SafetensorsEntry.Create<int>(Projection + ".g_idx", [40], index)); break;
        }

        Save(folder, entries, """{"quant_method": "gptq", "bits": 4, "group_size": """ + (damage == "group size" ? "32}" : "16}"));
        string message = Assert.Throws<CheckpointFormatException>(() => CausalLanguageModel.Load(folder.Path)).Message;
        Assert.All([folder.Path, $"{Projection}.{tensor}", fault], part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Fact]
    public void Load_BitsAndBytesOfAnotherShapeOrMap_IsRefused()
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32);
        ModelQuantizer.Quantize(model, new QuantizationOptions { Format = QuantizationFormat.Nf4 }, cancellationToken: TestContext.Current.CancellationToken);
        string weight = Projection + ".weight";
        byte[] json = new BitsAndBytesState([40, 32], "float32", 64, 256, 0.5).ToUtf8();
        (SafetensorsEntry By, string Fault)[] cases =
        [
            (SafetensorsEntry.Create<byte>(weight + BitsAndBytesState.Suffix, [json.Length], json), "[40, 32]"),
            (SafetensorsEntry.Create<float>(weight + ".quant_map", [16], new float[16]), "code 0"),
            (SafetensorsEntry.Create<byte>(weight, [639, 1], new byte[639]), "expected 640"),
            (SafetensorsEntry.Create<byte>(weight + ".absmax", [21], new byte[21]), "expected [20]"),
            (SafetensorsEntry.Create<float>(weight + ".nested_quant_map", [255], new float[255]), "expected [256]"),
        ];
        foreach ((SafetensorsEntry by, string fault) in cases)
        {
            using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
            model.SaveQuantized(folder.Path);
            Replace(folder.Path, [by]);
            string message = Assert.Throws<CheckpointFormatException>(() => CausalLanguageModel.Load(folder.Path)).Message;
            Assert.All([by.Name, fault], part => Assert.Contains(part, message, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void SaveQuantized_WhatAFormDoesNotHold_IsRefusedAndLeavesNothing()
    {
        using TemporaryFolder parent = TestPaths.NewTemporaryFolder();
        string target = parent["target"];
        using (CausalLanguageModel plain = TinyModels.Create(dataType: ScalarType.Float32))
        {
            Assert.Throws<InvalidOperationException>(() => plain.SaveQuantized(target));
            ModelQuantizer.Quantize(plain, new QuantizationOptions { Format = QuantizationFormat.Int8 }, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Contains("8 bits", Assert.Throws<NotSupportedException>(() => plain.SaveQuantized(target, new QuantizedSaveOptions { Form = QuantizedCheckpointForm.Gptq })).Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentException>(() => plain.SaveQuantized(target, new QuantizedSaveOptions { Form = (QuantizedCheckpointForm)7 }));
        }

        using CausalLanguageModel byRows = CausalLanguageModel.Create(TinyModels.Config(), 5, new ModelLoadOptions { WeightQuantization = WeightQuantization.Nf4 });
        Assert.Contains("end with its rows", Assert.Throws<NotSupportedException>(() => byRows.SaveQuantized(target)).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(target));
    }

    /// <summary>A matrix [32, 40] in groups of 16, the last of 8, as AutoGPTQ's formulas lay it out; and its values.</summary>
    private static (double[,] Values, List<SafetensorsEntry> Entries) GptqTensors(Random random, bool scattered, int zeroAdded)
    {
        int[] index = [.. Enumerable.Range(0, 40).Select(i => i / 16)];
        if (scattered) random.Shuffle(index);
        int[] words = new int[5 * 32], zeros = new int[3 * 4];
        var scales = new Half[3 * 32];
        var points = new int[3, 32];
        for (int i = 0; i < scales.Length; i++) scales[i] = (Half)(0.01 + random.NextDouble());
        for (int g = 0; g < 3; g++)
        {
            for (int o = 0; o < 32; o++)
            {
                points[g, o] = zeroAdded == 0 && o == 3 ? 0 : random.Next(1, 16);
                zeros[(g * 4) + (o / 8)] |= (points[g, o] - zeroAdded) << (4 * (o % 8));
            }
        }

        var values = new double[32, 40];
        for (int o = 0; o < 32; o++)
        {
            for (int i = 0; i < 40; i++)
            {
                int code = random.Next(16);
                words[(i / 8 * 32) + o] |= code << (4 * (i % 8));
                values[o, i] = (float)scales[(index[i] * 32) + o] * (code - points[index[i], o]);
            }
        }

        return (values,
        [
            SafetensorsEntry.Create<int>(Projection + ".qweight", [5, 32], words), SafetensorsEntry.Create<int>(Projection + ".qzeros", [3, 4], zeros),
            SafetensorsEntry.Create<Half>(Projection + ".scales", [3, 32], scales), SafetensorsEntry.Create<int>(Projection + ".g_idx", [40], index),
        ]);
    }

    private static void AssertValues(double[,] expected, CausalLanguageModel model, double tolerance = 0)
    {
        Assert.NotNull(model.Parameters.Find(Projection + ".weight").Quantized);
        using Tensor actual = model.Parameters.Dequantize(Projection + ".weight", ScalarType.Float32);
        float[] values = actual.data<float>().ToArray();
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++) Assert.Equal(expected[i / 40, i % 40], values[i], tolerance + 1e-12);
    }

    private static void AssertSame(CausalLanguageModel expected, CausalLanguageModel actual)
    {
        Assert.Equal(expected.Parameters.Keys, actual.Parameters.Keys);
        foreach (string name in expected.Parameters.Keys)
        {
            Assert.Equal(expected.Parameters.Find(name).Quantized?.GetType(), actual.Parameters.Find(name).Quantized?.GetType());
            Assert.True(expected.Parameters[name].Equals(actual.Parameters[name]), name);
            using Tensor first = expected.Parameters.Dequantize(name, ScalarType.Float64), second = actual.Parameters.Dequantize(name, ScalarType.Float64);
            Assert.True(first.Equals(second), name);
        }
    }

    /// <summary>A tiny model's folder with one matrix in another form.</summary>
    private static void Save(TemporaryFolder folder, IReadOnlyList<SafetensorsEntry> entries, string quantization)
    {
        using (CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32)) model.Save(folder.Path);
        Replace(folder.Path, entries, leftOut: Projection + ".weight");
        JsonNode config = JsonNode.Parse(File.ReadAllText(folder["config.json"]))!;
        config["quantization_config"] = JsonNode.Parse(quantization);
        File.WriteAllText(folder["config.json"], config.ToJsonString());
    }

    private static void Replace(string folder, IReadOnlyList<SafetensorsEntry> replaced, string? leftOut = null)
    {
        List<SafetensorsEntry> entries = [.. replaced];
        using (CheckpointReader reader = CheckpointReader.Open(folder))
        {
            foreach (string name in reader.TensorNames.Where(name => name != leftOut && replaced.All(entry => entry.Name != name)))
            {
                Assert.True(reader.TryFind(name, out SafetensorsFile? file, out TensorInfo? info));
                byte[] bytes = file.GetBytes(name).ToArray();
                entries.Add(new SafetensorsEntry(name, info.DataType, info.Shape, stream => stream.Write(bytes)));
            }
        }

        CheckpointWriter.Write(folder, entries);
    }
}

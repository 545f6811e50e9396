using LongContext.Adapters;
using LongContext.Export;
using LongContext.Models;
using LongContext.Models.Quantization;
using LongContext.Packing;
using LongContext.Tensors;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Models.Quantization;

/// <summary>Models quantised whole: what GPTQ sees layer by layer, and what works with the result.</summary>
public sealed class ModelQuantizerTests
{
    private static readonly PackedBatch[] Calibration =
    [
        .. Enumerable.Range(0, 6).Select(i => PackedBatch.Create([TinyModels.Document(20 + i, 10 + i), TinyModels.Document(11, 30 + i)])),
    ];

    private static readonly PackedBatch Pack = PackedBatch.Create([TinyModels.Document(13, 1), TinyModels.Document(9, 2)]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Quantize_ByRounding_QuantizesLayersAloneAndSaysWhatItDid()
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32);
        var told = new List<QuantizationProgress>();
        QuantizationResult result = ModelQuantizer.Quantize(model, new QuantizationOptions { GroupSize = 16, Excluded = ["down_proj", "model.layers.1.self_attn.q_proj"] }, new Progress(told.Add), Token);

        string[] expected = [.. model.Parameters.Keys.Where(name => name.Contains("_proj.", StringComparison.Ordinal) && !name.Contains("down_proj", StringComparison.Ordinal) && !name.Contains("1.self_attn.q_", StringComparison.Ordinal))];
        Assert.Equal(expected, result.Matrices.Select(matrix => matrix.Name));
        Assert.Equal(expected, model.Parameters.All.Where(parameter => parameter.Quantized is not null).Select(parameter => parameter.Name));
        Assert.Equal(Enumerable.Range(1, expected.Length).Select(i => (i, expected.Length)), told.Select(step => (step.Done, step.Total)));
        Assert.All(result.Matrices, matrix => Assert.InRange(matrix.WeightError, 0.03, 0.15));
        Assert.All(result.Matrices, matrix => Assert.Null(matrix.OutputError));
        Assert.True(result.BytesAfter < result.BytesBefore);
        Assert.StartsWith($"{result.Matrices.Count} matrices quantised: ", result.ToString(), StringComparison.Ordinal);
        Assert.Equal(22 * TinyModels.Vocabulary, TinyModels.Logits(model, Pack).Length);
    }

    [Theory]
    [InlineData(QuantizationFormat.Int4, true)]
    [InlineData(QuantizationFormat.Int4, false)]
    [InlineData(QuantizationFormat.Int8, true)]
    [InlineData(QuantizationFormat.Nf4, true)]
    [InlineData(QuantizationFormat.Float8, true)]
    public void Quantize_ByGptq_NoMatrixLosesMoreThanByRounding(QuantizationFormat format, bool sequential)
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32);
        QuantizationResult result = ModelQuantizer.Quantize(model, Gptq(format, sequential), cancellationToken: Token);
        Assert.Equal(14, result.Matrices.Count);
        Assert.All(result.Matrices, matrix => Assert.True(matrix.OutputError <= matrix.RoundedOutputError, matrix.ToString()));
        Assert.True(result.Matrices.Sum(matrix => matrix.OutputError!.Value) < 0.9 * result.Matrices.Sum(matrix => matrix.RoundedOutputError!.Value));
    }

    [Fact]
    public void Quantize_ByGptq_SeesTheInputsThatTheQuantizedModelGives()
    {
        // Each matrix is compared with the algorithm run on the inputs that it has in the finished model: in a sequential run these are the same,
        // because whatever comes before it was quantised before it.
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float64), original = TinyModels.Create(dataType: ScalarType.Float64);
        QuantizationOptions options = Gptq(QuantizationFormat.Int4, sequential: true);
        ModelQuantizer.Quantize(model, options, cancellationToken: Token);
        var inputs = new Dictionary<string, Tensor>();
        foreach (Linear linear in model.Parameters.Linears)
        {
            linear.Observer = (map, x) =>
            {
                using var step = NewDisposeScope();
                Tensor product = x.t().matmul(x) * tensor(2.0);
                if (inputs.TryGetValue(map.Weight.Name, out Tensor? before)) before.AddInPlace(product);
                else inputs[map.Weight.Name] = product.DetachFromDisposeScope();
            };
        }

        foreach (PackedBatch pack in Calibration) TinyModels.Logits(model, pack);
        foreach ((string name, Tensor hessian) in inputs)
        {
            using var scope = NewDisposeScope();
            Parameter parameter = model.Parameters.Find(name);
            QuantizationGrid grid = QuantizationGrids.Make(options, name, parameter.Shape);
            byte[] codes = LongContext.Models.Quantization.Gptq.Quantize(original.Parameters[name], hessian, grid, options.Damping, options.ActivationOrder, Token);
            using QuantizedWeight expected = grid.Build(codes, CPU).OwnedBy(scope);
            Assert.True(expected.Codes.Equals(parameter.Value), name);
            hessian.Dispose();
        }

        Assert.Equal(14, inputs.Count);
    }

    [Fact]
    public void Quantize_WithScratchOnDisk_IsTheSameAndLeavesNothing()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel first = TinyModels.Create(dataType: ScalarType.BFloat16), second = TinyModels.Create(dataType: ScalarType.BFloat16);
        ModelQuantizer.Quantize(first, Gptq(QuantizationFormat.Int4, sequential: true), cancellationToken: Token);
        ModelQuantizer.Quantize(second, Gptq(QuantizationFormat.Int4, sequential: true, folder.Path), cancellationToken: Token);
        TinyModels.AssertSameBytes(TinyModels.Bytes(first), TinyModels.Bytes(second));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Quantize_WhatCannotBe_IsRefused()
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32);
        Assert.Contains("Excluded", Assert.Throws<ArgumentException>(() => ModelQuantizer.Quantize(model, new QuantizationOptions { Excluded = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] }, cancellationToken: Token)).Message, StringComparison.Ordinal);
        Assert.Contains("holds 'qproj', which is the name of no matrix", Assert.Throws<ArgumentException>(() => ModelQuantizer.Quantize(model, new QuantizationOptions { Excluded = ["v_proj", "qproj"] }, cancellationToken: Token)).Message, StringComparison.Ordinal);
        Assert.Contains("Calibration", Assert.Throws<ArgumentException>(() => ModelQuantizer.Quantize(model, new QuantizationOptions { Method = QuantizationMethod.Gptq }, cancellationToken: Token)).Message, StringComparison.Ordinal);
        PackedBatch outside = PackedBatch.Create([new TokenSequence(new[] { 1, 2, 4000 })]);
        Assert.Throws<ArgumentException>(() => ModelQuantizer.Quantize(model, new QuantizationOptions { Method = QuantizationMethod.Gptq, Calibration = [outside] }, cancellationToken: Token));
        Assert.Throws<OperationCanceledException>(() => ModelQuantizer.Quantize(model, Gptq(QuantizationFormat.Int4, sequential: true), cancellationToken: new CancellationToken(true)));
        Assert.All(model.Parameters.All, parameter => Assert.Null(parameter.Quantized));
        model.AddAdapter(new LoraOptions(), 1);
        Assert.Contains("adapter", Assert.Throws<InvalidOperationException>(() => ModelQuantizer.Quantize(model, new QuantizationOptions(), cancellationToken: Token)).Message, StringComparison.Ordinal);
        model.RemoveAdapter();
        ModelQuantizer.Quantize(model, new QuantizationOptions(), cancellationToken: Token);
        Assert.Contains("quantised", Assert.Throws<InvalidOperationException>(() => ModelQuantizer.Quantize(model, new QuantizationOptions(), cancellationToken: Token)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Quantize_FolderIntoFolder_WritesWhatTheModelWouldBe()
    {
        using TemporaryFolder source = TestPaths.NewTemporaryFolder(), target = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32);
        model.Save(source.Path);
        QuantizationOptions options = Gptq(QuantizationFormat.Int4, sequential: true);
        QuantizationResult result = ModelQuantizer.Quantize(source.Path, target.Path, options, cancellationToken: Token);
        ModelQuantizer.Quantize(model, options, cancellationToken: Token);
        using CausalLanguageModel loaded = CausalLanguageModel.Load(target.Path);
        TinyModels.AssertSameBytes(TinyModels.Bytes(model), TinyModels.Bytes(loaded));
        Assert.Equal(14, result.Matrices.Count);
        // Groups that the files cannot hold: nothing is quantised for nothing.
        List<QuantizationProgress> told = [];
        Assert.Contains("no multiple of the group size 24", Assert.Throws<NotSupportedException>(() => ModelQuantizer.Quantize(
            source.Path, target.Path, new QuantizationOptions { GroupSize = 24 }, saving: new QuantizedSaveOptions { Form = QuantizedCheckpointForm.CompressedTensors }, progress: new Progress(told.Add), cancellationToken: Token)).Message, StringComparison.Ordinal);
        // A form for another format, and one that cannot hold the matrices.
        Assert.Contains("The form Gptq cannot hold weights of the format Float8", Refusal(source.Path, QuantizationFormat.Float8, QuantizedCheckpointForm.Gptq), StringComparison.Ordinal);
        Assert.Contains("The form BitsAndBytes cannot hold", Refusal(source.Path, QuantizationFormat.Int4, QuantizedCheckpointForm.BitsAndBytes), StringComparison.Ordinal);
        using TemporaryFolder odd = TestPaths.NewTemporaryFolder();
        using (CausalLanguageModel other = CausalLanguageModel.Create(TinyModels.Config() with { IntermediateSize = 100 }, 1, new ModelLoadOptions { DataType = ScalarType.Float32 })) other.Save(odd.Path);
        Assert.Contains("has 100 outputs, no multiple of 8, which GPTQ's files cannot hold", Refusal(odd.Path, QuantizationFormat.Int4, QuantizedCheckpointForm.Gptq), StringComparison.Ordinal);
        Assert.Empty(told);
        Assert.Throws<ArgumentException>(() => ModelQuantizer.Quantize(source.Path, source.Path + "/", options, cancellationToken: Token));

        string Refusal(string from, QuantizationFormat format, QuantizedCheckpointForm form) => Assert.Throws<NotSupportedException>(() => ModelQuantizer.Quantize(
            from, target.Path, new QuantizationOptions { Format = format }, saving: new QuantizedSaveOptions { Form = form }, progress: new Progress(told.Add), cancellationToken: Token)).Message;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Quantize_ExcludedNamesTheHead_AsOtherProgramsLists(bool isTied)
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32, tied: isTied);
        QuantizationResult result = ModelQuantizer.Quantize(model, new QuantizationOptions { GroupSize = 16, Excluded = ["lm_head", "embed_tokens"] }, cancellationToken: Token);
        Assert.Equal(14, result.Matrices.Count);
        Assert.Null(model.Head.Weight.Quantized);
    }

    [Theory]
    [InlineData(QuantizationFormat.Int4)]
    [InlineData(QuantizationFormat.Float8)]
    [InlineData(QuantizationFormat.Nf4)]
    public void AddAdapter_OnAQuantizedFolder_IsThatOnTheDequantizedWeights(QuantizationFormat format)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder(), adapters = TestPaths.NewTemporaryFolder();
        using (CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32))
        {
            ModelQuantizer.Quantize(model, new QuantizationOptions { Format = format, GroupSize = 16 }, cancellationToken: Token);
            model.SaveQuantized(folder.Path);
        }

        using CausalLanguageModel quantized = CausalLanguageModel.Load(folder.Path), plain = CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { DequantizesWeights = true });
        LoraAdapter adapter = quantized.AddAdapter(new LoraOptions { Rank = 3 }, 1);
        Adapters.LoraAdapterTests.Disturb(adapter);
        adapter.Save(adapters.Path);
        LoraAdapter same = LoraAdapter.Load(adapters.Path, plain);
        Assert.Equal(TinyModels.Logits(plain, Pack), TinyModels.Logits(quantized, Pack));
        double[][] expected = Gradients(plain, same), actual = Gradients(quantized, adapter);
        for (int i = 0; i < expected.Length; i++) TinyModels.AssertClose(expected[i], actual[i], 1e-5, adapter.Trainable[i].Name);
        Assert.Contains(expected, gradient => gradient.Any(value => value != 0));
    }

    [Fact]
    public void Export_AQuantizedModel_IsTheFileOfItsDequantizedWeights()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.BFloat16);
        ModelQuantizer.Quantize(model, new QuantizationOptions { GroupSize = 16 }, cancellationToken: Token);
        model.Save(folder["plain"]);
        using CausalLanguageModel plain = CausalLanguageModel.Load(folder["plain"]);
        GgufExporter.Export(model, folder["quantised.gguf"], new GgufExportOptions { WithoutTokenizer = true, Name = "x" }, cancellationToken: Token);
        GgufExporter.Export(plain, folder["plain.gguf"], new GgufExportOptions { WithoutTokenizer = true, Name = "x" }, cancellationToken: Token);
        Assert.Equal(File.ReadAllBytes(folder["plain.gguf"]), File.ReadAllBytes(folder["quantised.gguf"]));
    }

    internal static QuantizationOptions Gptq(QuantizationFormat format, bool sequential, string? scratch = null) => new()
    {
        Format = format,
        Method = QuantizationMethod.Gptq,
        GroupSize = 16,
        Calibration = Calibration,
        Sequential = sequential,
        ScratchFolder = scratch,
    };

    private static double[][] Gradients(CausalLanguageModel model, LoraAdapter adapter)
    {
        using var scope = NewDisposeScope();
        foreach (Parameter parameter in adapter.Trainable) parameter.Value.requires_grad_(true);
        using PackedInputs inputs = PackedInputs.Create(Pack);
        model.Logits(model.Forward(inputs)).to(ScalarType.Float32).logsumexp(1).sum().backward();
        double[][] gradients = [.. adapter.Trainable.Select(parameter => TinyModels.Doubles(parameter.Value.grad!))];
        foreach (Parameter parameter in adapter.Trainable) parameter.Value.requires_grad_(false);
        return gradients;
    }

    private sealed class Progress(Action<QuantizationProgress> told) : IProgress<QuantizationProgress>
    {
        public void Report(QuantizationProgress value) => told(value);
    }
}

using LongContext.Adapters;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tensors;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Adapters;

/// <summary>An adapter's life on a model: added, merged, unmerged, saved, removed.</summary>
public sealed class LoraAdapterTests
{
    private static readonly PackedBatch Pack = PackedBatch.Create([TinyModels.Document(13, 1), TinyModels.Document(9, 2)]);

    [Theory]
    [InlineData(false, LoraInitialization.KaimingUniform)]
    [InlineData(true, LoraInitialization.KaimingUniform)]
    [InlineData(true, LoraInitialization.Gaussian)]
    public void AddAdapter_New_LeavesTheModelAsItWas(bool decomposed, LoraInitialization initialization)
    {
        using CausalLanguageModel model = TinyModels.Create();
        double[] before = TinyModels.Logits(model, Pack);
        LoraAdapter adapter = model.AddAdapter(new LoraOptions { WeightDecomposed = decomposed, Initialization = initialization }, seed: 1);
        TinyModels.AssertClose(before, TinyModels.Logits(model, Pack), 1e-13);
        Assert.Equal(14, adapter.TargetedModules.Count);
        Assert.Equal(adapter.Tensors.Values.Sum(tensor => tensor.numel()), adapter.ParameterCount);
        Assert.Equal(adapter.Trainable, model.TrainableParameters);
        Assert.All(model.Parameters.All, parameter => Assert.False(parameter.Trains));
        Assert.All(adapter.Trainable, parameter => Assert.True(parameter.Trains));
    }

    [Fact]
    public void AddAdapter_NamesGivenWholeBesideLayers_AreMeantWhereverTheyLie()
    {
        // As PEFT: layers_to_transform chooses among the modules whose names' ends are given.
        using CausalLanguageModel model = TinyModels.Create();
        LoraAdapter adapter = model.AddAdapter(new LoraOptions { TargetModules = ["q_proj", "lm_head", "model.layers.1.mlp.up_proj"], LayersToTransform = [0] }, seed: 1);
        Assert.Equal(["lm_head", "model.layers.0.self_attn.q_proj", "model.layers.1.mlp.up_proj"], adapter.TargetedModules.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void AddAdapter_SameSeed_GivesTheSameValuesInTheirRange()
    {
        using CausalLanguageModel first = TinyModels.Create(dataType: ScalarType.BFloat16), second = TinyModels.Create(dataType: ScalarType.BFloat16);
        LoraAdapter a = first.AddAdapter(new LoraOptions(), seed: 7), b = second.AddAdapter(new LoraOptions(), seed: 7);
        foreach ((string name, Tensor tensor) in a.Tensors)
        {
            Assert.Equal(ScalarType.Float32, tensor.dtype);
            float[] values = tensor.data<float>().ToArray();
            Assert.Equal(values, b.Tensors[name].data<float>().ToArray());
            if (name.Contains("lora_B", StringComparison.Ordinal)) Assert.All(values, value => Assert.Equal(0, value));
            else Assert.InRange(values.Max(Math.Abs), 0.8 / Math.Sqrt(tensor.shape[1]), 1 / Math.Sqrt(tensor.shape[1]));
        }

        second.RemoveAdapter();
        Assert.NotEqual(a.Tensors.First().Value.data<float>().ToArray(), second.AddAdapter(new LoraOptions(), seed: 8).Tensors.First().Value.data<float>().ToArray());
    }

    public static IEnumerable<TheoryDataRow<ScalarType, bool, bool>> MergeCases() =>
        from type in new[] { ScalarType.Float64, ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16 }
        from decomposed in new[] { false, true }
        from tied in new[] { false, true }
        select new TheoryDataRow<ScalarType, bool, bool>(type, decomposed, tied);

    [Theory, MemberData(nameof(MergeCases))]
    public void MergeAdapter_ThenUnmergeThenRemove_BringsBackEveryBit(ScalarType type, bool decomposed, bool tied)
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: type, tied: tied);
        Dictionary<string, byte[]> before = TinyModels.Bytes(model);
        LoraAdapter adapter = model.AddAdapter(Everything(decomposed), seed: 2);
        Disturb(adapter);
        double[] adapted = TinyModels.Logits(model, Pack);
        Dictionary<string, byte[]> own = adapter.Tensors.ToDictionary(pair => pair.Key, pair => pair.Value.bytes.ToArray());

        model.MergeAdapter();
        double tolerance = type switch { ScalarType.Float64 => 1e-12, ScalarType.Float32 => 1e-5, ScalarType.Float16 => 5e-3, _ => 0.05 };
        TinyModels.AssertClose(adapted, TinyModels.Logits(model, Pack), tolerance, "merged logits");
        Assert.Throws<InvalidOperationException>(model.MergeAdapter);
        Assert.Throws<InvalidOperationException>(() => model.TrainableParameters);
        model.UnmergeAdapter();
        Assert.Equal(adapted, TinyModels.Logits(model, Pack));
        foreach ((string name, Tensor tensor) in adapter.Tensors) Assert.True(own[name].AsSpan().SequenceEqual(tensor.bytes), name);

        model.MergeAdapter();
        model.RemoveAdapter();
        Assert.Null(model.Adapter);
        Assert.Equal(tied, model.Config.TieWordEmbeddings);
        TinyModels.AssertSameBytes(before, TinyModels.Bytes(model));
        Assert.Throws<ObjectDisposedException>(() => adapter.Tensors);
        Assert.Throws<InvalidOperationException>(model.MergeAdapter);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void MergeAndRemoveAdapter_Saved_IsAPlainFolderThatGeneratesTheSame(bool tied)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create(tied: tied);
        Disturb(model.AddAdapter(Everything(decomposed: false), seed: 2));
        var options = new GenerationOptions { MaximumNewTokens = 12, StopTokenIds = [] };
        int[] prompt = TinyModels.Tokens(9, 4);
        int[] expected = [.. new TextGenerator(model).Generate(prompt, options)];
        double[] logits = TinyModels.Logits(model, Pack);
        Assert.Contains("MergeAdapter", Assert.Throws<InvalidOperationException>(() => model.Save(folder.Path)).Message, StringComparison.Ordinal);

        model.MergeAndRemoveAdapter();
        Assert.Equal(model.Parameters.Count, model.TrainableParameters.Count);
        model.Save(folder.Path);
        using CausalLanguageModel loaded = CausalLanguageModel.Load(folder.Path);
        TinyModels.AssertSameBytes(TinyModels.Bytes(model), TinyModels.Bytes(loaded));
        TinyModels.AssertClose(logits, TinyModels.Logits(loaded, Pack), 1e-12);
        Assert.Equal(expected, new TextGenerator(loaded).Generate(prompt, options));
    }

    [Fact]
    public void Forward_ThroughTheCache_IsThatOfTheWhole()
    {
        using CausalLanguageModel model = TinyModels.Create();
        Disturb(model.AddAdapter(Everything(decomposed: true), seed: 2));
        int[] tokens = TinyModels.Tokens(10, 4);
        double[] whole = TinyModels.Logits(model, PackedBatch.CreatePrompt(tokens));
        using var scope = NewDisposeScope();
        using KeyValueCache cache = new KeyValueCache(model.Config.LayerCount);
        double[] last = [];
        foreach (int token in tokens) last = TinyModels.Doubles(model.Logits(model.ForwardCached([token], cache)));
        TinyModels.AssertClose(whole.AsSpan(^last.Length..), last, 1e-12);
    }

    [Fact]
    public void AddAdapter_FaultyOptions_NamesAllFaultsAtOnce()
    {
        using CausalLanguageModel model = TinyModels.Create();
        var options = new LoraOptions
        {
            Rank = 0,
            Alpha = double.NaN,
            Dropout = 1,
            WeightDecomposed = true,
            OutputBias = true,
            TargetPattern = "(",
            LayersToTransform = [-1],
            RankPattern = new Dictionary<string, int> { ["q_proj"] = -4 },
        };
        string message = Assert.Throws<ArgumentException>(() => model.AddAdapter(options, 1)).Message;
        foreach (string part in new[] { "Rank", "Alpha", "Dropout", "OutputBias", "TargetPattern", "LayersToTransform", "RankPattern gives 'q_proj' the rank -4" })
            Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Null(model.Adapter);
    }

    [Theory]
    [InlineData("q_prj")]
    [InlineData("norm")]
    public void AddAdapter_UnknownTarget_IsNamed(string target)
    {
        using CausalLanguageModel model = TinyModels.Create();
        Assert.Contains($"'{target}'", Assert.Throws<ArgumentException>(() => model.AddAdapter(new LoraOptions { TargetModules = ["q_proj", target] }, 1)).Message, StringComparison.Ordinal);
        Assert.Contains("'rotary'", Assert.Throws<ArgumentException>(() => model.AddAdapter(new LoraOptions { ModulesToSave = ["rotary"] }, 1)).Message, StringComparison.Ordinal);
        Assert.Contains("target and a module to save", Assert.Throws<ArgumentException>(() => model.AddAdapter(new LoraOptions { ModulesToSave = ["proj"] }, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddAdapter_SecondOne_IsRefused()
    {
        using CausalLanguageModel model = TinyModels.Create();
        model.AddAdapter(new LoraOptions(), 1);
        Assert.Throws<InvalidOperationException>(() => model.AddAdapter(new LoraOptions(), 1));
    }

    [Fact]
    public void Save_NewAdapter_LoadsAsItWas()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        foreach (bool tied in new[] { false, true })
        {
            foreach (bool ensured in new[] { false, true })
            {
                using CausalLanguageModel model = TinyModels.Create(tied: tied), other = TinyModels.Create(tied: tied);
                LoraOptions options = new()
                {
                    Rank = 3,
                    Alpha = 1.5,
                    Dropout = 0.25,
                    WeightDecomposed = true,
                    TargetModules = ["q_proj", "down_proj"],
                    ExcludeModules = ["model.layers.0.mlp.down_proj"],
                    RankPattern = new Dictionary<string, int> { [@"layers\.1\.self_attn\.q_proj"] = 5, ["q_proj"] = 2 },
                    AlphaPattern = new Dictionary<string, double> { ["down_proj"] = 7 },
                    ModulesToSave = ["embed_tokens", "norm"],
                    EnsureWeightTying = ensured,
                };
                LoraAdapter adapter = model.AddAdapter(options, 1);
                Disturb(adapter);
                adapter.Save(folder.Path);
                LoraAdapter loaded = LoraAdapter.Load(folder.Path, other);
                Assert.Equal(adapter.Tensors.Keys.Order(StringComparer.Ordinal), loaded.Tensors.Keys.Order(StringComparer.Ordinal));
                Assert.Equal([5, 32], loaded.Tensors["base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight"].shape);
                Assert.Equal(TinyModels.Logits(model, Pack), TinyModels.Logits(other, Pack));
                Assert.Equal(options.Dropout, loaded.Options.Dropout);
                Assert.Equal(options.Alpha, loaded.Options.Alpha);
            }
        }
    }

    [Fact]
    public void Save_OverAnotherVersionsFile_KeepsFieldsThatAreNotKnown()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        model.AddAdapter(new LoraOptions(), 1).Save(folder.Path, "org/base");
        string path = Path.Combine(folder.Path, "adapter_config.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"r\":", "\"some_new_field\": {\"a\": [1, null]}, \"r\":", StringComparison.Ordinal));
        model.RemoveAdapter();
        LoraAdapter.Load(folder.Path, model).Save(folder.Path);
        string text = File.ReadAllText(path);
        Assert.Contains("some_new_field", text, StringComparison.Ordinal);
        Assert.Contains("org/base", text, StringComparison.Ordinal);
        Assert.Equal(["adapter_config.json", "adapter_model.safetensors", "config.json"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    /// <summary>Options that reach every kind of weight.</summary>
    internal static LoraOptions Everything(bool decomposed) => new()
    {
        Rank = 3,
        Alpha = 6,
        WeightDecomposed = decomposed,
        TargetModules = decomposed ? ["q_proj", "v_proj", "o_proj", "up_proj", "down_proj", "lm_head"] : ["q_proj", "v_proj", "o_proj", "up_proj", "down_proj", "lm_head", "embed_tokens"],
        ModulesToSave = ["norm", "gate_proj"],
    };

    /// <summary>Gives everything that trains other values, as training would.</summary>
    internal static void Disturb(LoraAdapter adapter)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var generator = new Generator(11, CPU);
        foreach (Parameter parameter in adapter.Trainable)
            parameter.Value.AddInPlace(TensorArithmetic.Normal(parameter.Value.shape, 0.05, generator).to(parameter.Value.dtype));
    }
}

using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Backpropagation;
using LongContext.Training.Memory;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Memory;

public sealed class MemoryPlannerTests
{
    /// <summary>Llama 3.1 8B.</summary>
    private static readonly ModelConfig Llama8B = new()
    {
        VocabularySize = 128_256,
        HiddenSize = 4096,
        IntermediateSize = 14_336,
        LayerCount = 32,
        HeadCount = 32,
        KeyValueHeadCount = 8,
        MaxPositionEmbeddings = 131_072,
    };

    public static IEnumerable<TheoryDataRow<string>> Measured() =>
        MeasuredStep.Cases.Keys.Take(4).Select(name => new TheoryDataRow<string>(name)).Concat(SlowTests.Rows(MeasuredStep.Cases.Keys.Skip(4)));

    [Theory, MemberData(nameof(Measured))]
    public void Estimate_OfAStepOnTheCpu_IsWithin15PercentOfWhatIsResident(string name)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the resident peak is read from /proc");
        long estimate = MemoryPlanner.Estimate(MeasuredStep.Request(name), MeasuredStep.Cases[name].Tokens, MeasuredStep.Cases[name].Policy).DeviceBytes;
        List<long> peaks = [MeasuredStep.Peak(name)];
        // Where the allocator puts blocks below 32 MB depends on how threads meet: of "magnitudes", 433 MB by plan, 36 processes had 407 to 542 MB, 455 in the middle. What holds, holds of the middle of five.
        if (Math.Abs(estimate - peaks[0]) > 0.15 * peaks[0])
        {
            while (peaks.Count < 5) peaks.Add(MeasuredStep.Peak(name));
            peaks.Sort();
        }

        long measured = peaks[peaks.Count / 2];
        Assert.InRange(estimate, 0.85 * measured, 1.15 * measured);
    }

    [Theory, MemberData(nameof(Measured))]
    public void Estimate_OfAStepOnAGpu_IsWithin15PercentOfWhatIsInUse(string name)
    {
        Assert.SkipUnless(cuda.is_available(), "there is no GPU that libtorch can use");
        long measured = MeasuredStep.Peak(name, onGpu: true);
        MemoryEstimate estimate = MemoryPlanner.Estimate(MeasuredStep.Request(name, onGpu: true), MeasuredStep.Cases[name].Tokens, MeasuredStep.Cases[name].Policy);
        Assert.InRange(estimate.DeviceBytes, 0.85 * measured, 1.15 * measured);
    }

    public static TheoryData<string, bool, LoraOptions?> Adapters() => new()
    {
        { "none", false, null },
        { "none", true, null },
        { "magnitudes", false, new LoraOptions { Rank = 3, WeightDecomposed = true } },
        { "saved head", false, new LoraOptions { Rank = 2, TargetModules = ["q_proj"], ModulesToSave = ["lm_head"] } },
        { "saved head", true, new LoraOptions { Rank = 2, TargetModules = ["q_proj"], ModulesToSave = ["lm_head"] } },
        { "saved embedding", true, new LoraOptions { Rank = 2, TargetModules = ["q_proj"], ModulesToSave = ["embed_tokens"] } },
        { "saved head that stays tied", true, new LoraOptions { Rank = 2, TargetModules = ["q_proj"], ModulesToSave = ["lm_head"], EnsureWeightTying = true } },
        { "head", true, new LoraOptions { Rank = 2, TargetModules = ["q_proj", "lm_head"] } },
        { "head with magnitudes", false, new LoraOptions { Rank = 2, TargetModules = ["lm_head"], WeightDecomposed = true } },
        { "embedding", true, new LoraOptions { Rank = 2, TargetModules = ["embed_tokens"] } },
        { "layers alone", true, new LoraOptions { Rank = 2 } },
        { "biases", false, new LoraOptions { Rank = 2, OutputBias = true, Bias = LoraBias.All } },
        { "biases of targets", false, new LoraOptions { Rank = 2, TargetModules = ["q_proj"], Bias = LoraBias.LoraOnly } },
    };

    [Theory, MemberData(nameof(Adapters), DisableDiscoveryEnumeration = true)]
    public void Estimate_OfWeights_IsWhatAModelHas(string name, bool tied, LoraOptions? adapter)
    {
        foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float64 })
        {
            ModelConfig config = TinyModels.Config(tied: tied);
            if (name.StartsWith("biases", StringComparison.Ordinal)) config = config with { AttentionBias = true };
            using CausalLanguageModel model = CausalLanguageModel.Create(config, 1, new ModelLoadOptions { DataType = type });
            var request = new MemoryRequest { Config = config, DataType = type, Adapter = adapter, OnGpu = false };
            if (adapter is not null) model.AddAdapter(adapter, seed: 1);
            IReadOnlyList<Parameter> trained = model.TrainableParameters;
            Dictionary<string, long> bytes = MemoryPlanner.Estimate(request, 64).Items.ToDictionary(item => item.Name, item => item.DeviceBytes);
            Assert.Equal(model.Parameters.ElementCount * type.ElementSize(), bytes["weights"]);
            Assert.Equal(trained.Sum(parameter => parameter.Value.numel() * parameter.GradientType.ElementSize()), bytes["gradients"]);
            if (adapter is not null) Assert.Equal(trained.Sum(parameter => parameter.Value.numel() * parameter.Value.element_size()), bytes["adapter"]);
            Assert.Equal(trained.Sum(parameter => request.Optimizer.StateBytes(parameter.Shape, parameter.Value.dtype)), bytes["optimizer"]);
        }
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, null)]
    [InlineData(true, "lm_head")]
    [InlineData(false, "embed_tokens")]
    public void Estimate_OfGradientsAppliedByLayer_IsTheMostThatAreThereAtATime(bool tied, string? saved)
    {
        LoraOptions? adapter = saved is null ? null : new LoraOptions { Rank = 2, ModulesToSave = [saved] };
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32, tied: tied);
        if (adapter is not null) model.AddAdapter(adapter, seed: 1);
        else foreach (Parameter parameter in model.Parameters.All) parameter.Trains = true;
        long most = 0;
        using var backpropagation = new LayerwiseBackpropagation(model, ActivationPolicy.RecomputeLayers)
        {
            Completed = completed =>
            {
                most = Math.Max(most, model.TrainableParameters.Sum(parameter => parameter.Gradient is { } gradient ? gradient.numel() * gradient.element_size() : 0));
                foreach (Parameter parameter in completed) parameter.ReleaseGradient();
            },
        };
        backpropagation.Run(PackedBatch.Create([TinyModels.Document(16, seed: 1)]), scale: 1);
        var request = new MemoryRequest { Config = TinyModels.Config(tied: tied), DataType = ScalarType.Float32, Adapter = adapter, OnGpu = false, AppliesGradientsByLayer = true };
        Assert.Equal(most, MemoryPlanner.Estimate(request, 16).Items.Single(item => item.Name == "gradients").DeviceBytes);
    }

    [Fact]
    public void Plan_WithLessAndLessMemory_GoesDownTheLadder()
    {
        var request = new MemoryRequest { Config = Llama8B, Adapter = new LoraOptions { Rank = 32 } };
        long before = long.MaxValue;
        var seen = new List<ActivationPolicy>();
        foreach (int gigabytes in new[] { 1000, 80, 48, 40, 30, 26, 24, 22, 21 })
        {
            MemoryPlan plan = MemoryPlanner.Plan(request with { DeviceBytes = gigabytes * 1_000_000_000L }, 32_768);
            if (!plan.Fits) break;
            Assert.True(plan.Estimate.DeviceBytes <= gigabytes * 1_000_000_000L);
            Assert.True(plan.Estimate.DeviceBytes <= before);
            before = plan.Estimate.DeviceBytes;
            if (!seen.Contains(plan.Policy)) seen.Add(plan.Policy);
        }

        Assert.Equal(ActivationPolicy.KeepEverything, seen[0]);
        Assert.Contains(seen, policy => policy.OnHost);
        Assert.False(MemoryPlanner.Plan(request with { DeviceBytes = 15_000_000_000 }, 1024).Fits); // not even the weights
    }

    [Fact]
    public void Plan_ThatDoesNotFit_SaysWhatIsMissingAndWhatWouldFit()
    {
        var request = new MemoryRequest { Config = Llama8B, Adapter = new LoraOptions { Rank = 32 }, DeviceBytes = 20_000_000_000, HostBytes = 64_000_000_000 };
        int tokens = MemoryPlanner.MaximumContext(request with { WeightQuantization = WeightQuantization.EightBit });
        MemoryPlan plan = MemoryPlanner.Plan(request, tokens);
        Assert.False(plan.Fits);
        Assert.Equal((request.DeviceBytes, request.HostBytes), (plan.DeviceLimit, plan.HostLimit));
        Assert.Equal(plan.Estimate.DeviceBytes - 20_000_000_000, plan.DeviceBytesMissing);
        Assert.Equal(MemoryPlanner.MaximumContext(request), plan.FittingContext);
        Assert.InRange(plan.FittingContext!.Value, 256, tokens - 1);
        Assert.Equal(["WeightQuantization.EightBit", "WeightQuantization.Nf4DoubleQuantized"], plan.FittingSettings);
        Assert.Equal(["WeightQuantization.Nf4DoubleQuantized"], MemoryPlanner.Plan(request, tokens + 256).FittingSettings);
        string[] parts = ["device", $"{plan.Estimate.DeviceBytes / 1e9:F1} GB", $"{plan.DeviceBytesMissing / 1e9:F1} more", "20.0", $"{plan.FittingContext:N0} tokens fit", $"{tokens:N0} would with WeightQuantization.EightBit"];
        Assert.All(parts, part => Assert.Contains(part, plan.ToString(), StringComparison.Ordinal));

        MemoryPlan all = MemoryPlanner.Plan(new MemoryRequest { Config = Llama8B, DeviceBytes = 24_000_000_000, HostBytes = 64_000_000_000 }, 4096);
        Assert.Equal((false, 0), (all.Fits, all.FittingContext));
        Assert.Contains("no context fits", all.ToString(), StringComparison.Ordinal);
        Assert.Contains(all.FittingSettings, words => words.Contains("StateOnHost", StringComparison.Ordinal));

        MemoryPlan host = MemoryPlanner.Plan(request with { DeviceBytes = 80_000_000_000, HostBytes = 0 }, 1_048_576);
        Assert.Equal((0L, true), (host.HostLimit, host.HostBytesMissing > 0));
        Assert.Contains("host", host.ToString(), StringComparison.Ordinal);

        MemoryPlan fits = MemoryPlanner.Plan(request, 1024);
        Assert.Equal((true, 0L, null), (fits.Fits, fits.DeviceBytesMissing, fits.FittingContext));
        Assert.Empty(fits.FittingSettings);
    }

    [Theory]
    [InlineData(24L, null, "24_000_000_000")]
    [InlineData(24_000L, null, "bytes")]
    [InlineData(24_000_000_000L, 64L, "64_000_000_000")]
    public void Plan_WithLimitsThatAreNoBytes_SaysThatTheyAre(long device, long? host, string part)
    {
        var request = new MemoryRequest { Config = Llama8B, DeviceBytes = device, HostBytes = host };
        Assert.Contains(part, Assert.Throws<ArgumentException>(() => MemoryPlanner.Plan(request, 1024)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => MemoryPlanner.MaximumContext(request));
    }

    [Fact]
    public void Plan_WithLittleHostMemory_KeepsFewerInputsThere()
    {
        var request = new MemoryRequest { Config = Llama8B, Adapter = new LoraOptions { Rank = 32 }, DeviceBytes = 80_000_000_000, HostBytes = 128_000_000_000 };
        MemoryPlan plan = MemoryPlanner.Plan(request, 524_288);
        Assert.True(plan.Fits, plan.ToString());
        Assert.True(plan.Policy.OnHost);
        Assert.True(plan.Policy.EveryNthLayer >= 2, plan.ToString());
        Assert.InRange(plan.Estimate.HostBytes, 1, 128_000_000_000);
    }

    [Fact]
    public void MaximumContext_IsTheLongestThatFits()
    {
        foreach (long bytes in new[] { 24_000_000_000L, 48_000_000_000, 80_000_000_000 })
        {
            var request = new MemoryRequest { Config = Llama8B, Adapter = new LoraOptions { Rank = 16 }, WeightQuantization = WeightQuantization.Nf4DoubleQuantized, DeviceBytes = bytes, HostBytes = 64_000_000_000 };
            int longest = MemoryPlanner.MaximumContext(request);
            Assert.True(longest > 0 && longest % 256 == 0);
            Assert.True(MemoryPlanner.Plan(request, longest).Fits);
            Assert.False(MemoryPlanner.Plan(request, longest + 256).Fits);
        }

        Assert.Equal(0, MemoryPlanner.MaximumContext(new MemoryRequest { Config = Llama8B, DeviceBytes = 8_000_000_000 }));
    }

    [Theory]
    [InlineData("llama", ScalarType.Float32, false)]
    [InlineData("llama", ScalarType.BFloat16, true)]
    [InlineData("gemma2", ScalarType.Float64, true)]
    [InlineData("gemma2", ScalarType.BFloat16, true)]
    [InlineData("gemma2", ScalarType.Float32, false)]
    public void MaximumContext_UnderAnyLimit_FitsWithAllThatIsShorter(string family, ScalarType type, bool onGpu)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllText(folder["config.json"], $$"""
            {"model_type": "{{family}}", "vocab_size": 32000, "hidden_size": 512, "intermediate_size": 1408, "num_hidden_layers": 8, "num_attention_heads": 8,
             "num_key_value_heads": 4, "head_dim": 64, "max_position_embeddings": 4096, "rms_norm_eps": 1e-6, "sliding_window": 1024}
            """);
        ModelConfig config = ModelConfig.Load(folder.Path);
        for (long bytes = 1_300_000_000; bytes < 200_000_000_000; bytes += bytes / 20)
        {
            var request = new MemoryRequest { Config = config, DataType = type, OnGpu = onGpu, DeviceBytes = bytes };
            int longest = MemoryPlanner.MaximumContext(request);
            for (int tokens = 256; tokens <= longest; tokens += Math.Max(256, longest / 64 / 256 * 256)) Assert.True(MemoryPlanner.Plan(request, tokens).Fits, $"{bytes}: {tokens} of {longest} do not fit");
            if (longest < 1 << 24) Assert.False(MemoryPlanner.Plan(request, longest + 256).Fits, $"{bytes}: {longest + 256} fit, but {longest} are the most");
            foreach (int tokens in new[] { 10_000_000, 1 << 24 }.Where(tokens => tokens > longest)) Assert.False(MemoryPlanner.Plan(request, tokens).Fits, $"{bytes}: {tokens} fit");
        }
    }

    [Fact]
    public void AnyCall_WithWhatCannotBe_ListsIt()
    {
        var request = new MemoryRequest { Config = Llama8B, DataType = ScalarType.Int8, WeightQuantization = WeightQuantization.Nf4, DeviceBytes = -1, HostBytes = -1 };
        ArgumentException fault = Assert.Throws<ArgumentException>(() => MemoryPlanner.Plan(request, 1024));
        foreach (string part in new[] { "DataType", "Adapter", "DeviceBytes", "HostBytes" }) Assert.Contains(part, fault.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => MemoryPlanner.MaximumContext(new MemoryRequest { Config = Llama8B }));
        Assert.Throws<ArgumentOutOfRangeException>(() => MemoryPlanner.Estimate(new MemoryRequest { Config = Llama8B }, 0));
        Assert.Throws<ArgumentException>(() => MemoryPlanner.Estimate(new MemoryRequest { Config = Llama8B }, 8, new ActivationPolicy { EveryNthLayer = 0 }));
    }

    [Fact]
    public void ToString_IsATableOfTheParts()
    {
        string table = MemoryPlanner.Plan(new MemoryRequest { Config = Llama8B, Adapter = new LoraOptions(), DeviceBytes = 80_000_000_000 }, 8192).ToString();
        foreach (string part in new[] { "8,192 tokens", "weights", "adapter", "gradients", "optimizer", "activations kept", "workspace", "runtime", "all" })
            Assert.Contains(part, table, StringComparison.Ordinal);
    }
}

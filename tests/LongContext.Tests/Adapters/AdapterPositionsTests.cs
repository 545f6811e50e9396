using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.TestSupport;

namespace LongContext.Tests.Adapters;

/// <summary>An adapter goes with the positions that it was trained for.</summary>
public sealed class AdapterPositionsTests : IDisposable
{
    private readonly TemporaryFolder folder = TestPaths.NewTemporaryFolder();
    private readonly PackedBatch pack = PackedBatch.Create([TinyModels.Document(2 * TinyModels.TrainedWindow, 1)]);

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(ContextExtensionMethod.Linear)]
    [InlineData(ContextExtensionMethod.NtkAware)] // config.json has no name for it
    [InlineData(ContextExtensionMethod.Yarn)]
    [InlineData(ContextExtensionMethod.DynamicNtk)]
    public void Load_OntoThePlainBase_IsRefusedOrGivesItsPositions(ContextExtensionMethod method)
    {
        double[] trained = SaveTrained(model => model.ExtendTo(2 * TinyModels.TrainedWindow, method));
        using CausalLanguageModel plain = TinyModels.Create();
        (double[] before, ModelConfig config) = (TinyModels.Logits(plain, pack), plain.Config);
        string message = Assert.Throws<ArgumentException>("model", () => LoraAdapter.Load(folder["adapter"], plain)).Message;
        Assert.Contains(nameof(AdapterPositions.Apply), message, StringComparison.Ordinal);
        Assert.DoesNotContain("{", message, StringComparison.Ordinal);
        Assert.Null(plain.Adapter);
        Assert.Equal(config, plain.Config);

        LoraAdapter.Load(folder["adapter"], plain, AdapterPositions.Apply);
        Assert.Equal(trained, TinyModels.Logits(plain, pack));
        plain.RemoveAdapter();
        LoraAdapter.Load(folder["adapter"], plain); // the positions stay, and match

        using CausalLanguageModel kept = TinyModels.Create();
        LoraAdapter.Load(folder["adapter"], kept, AdapterPositions.KeepModel);
        Assert.Equal(config, kept.Config);
        Assert.NotEqual(trained, TinyModels.Logits(kept, pack));
        kept.RemoveAdapter();
        Assert.Equal(before, TinyModels.Logits(kept, pack));
    }

    [Fact]
    public void Load_SameFrequenciesAnotherWindow_SaysBothWindows()
    {
        SaveTrained(model => model.SetRopeScaling(RopeScaling.Linear(2), 2 * TinyModels.TrainedWindow));
        using CausalLanguageModel model = TinyModels.Create();
        model.SetRopeScaling(RopeScaling.Linear(2), TinyModels.TrainedWindow);
        string message = Assert.Throws<ArgumentException>("model", () => LoraAdapter.Load(folder["adapter"], model)).Message;
        Assert.Contains($"a window of {2 * TinyModels.TrainedWindow} tokens (max_position_embeddings) against the model's {TinyModels.TrainedWindow}", message, StringComparison.Ordinal);
        LoraAdapter.Load(folder["adapter"], model, AdapterPositions.Apply);
        Assert.Equal(2 * TinyModels.TrainedWindow, model.ContextLength);
    }

    /// <summary>PEFT's own folders have no config.json.</summary>
    [Fact]
    public void Load_FolderWithoutConfig_AsksNothing()
    {
        SaveTrained(model => model.ExtendTo(2 * TinyModels.TrainedWindow, ContextExtensionMethod.Linear));
        File.Delete(Path.Combine(folder["adapter"], "config.json"));
        using CausalLanguageModel plain = TinyModels.Create();
        LoraAdapter.Load(folder["adapter"], plain);
        Assert.Throws<ArgumentOutOfRangeException>("positions", () => LoraAdapter.Load(folder["adapter"], plain, (AdapterPositions)7));
    }

    [Fact]
    public void Load_PositionsThatTheModelsRemappingDoesNotAllow_LeavesTheModelAsItWas()
    {
        SaveTrained(model => model.ExtendTo(2 * TinyModels.TrainedWindow, ContextExtensionMethod.DynamicNtk));
        using CausalLanguageModel model = TinyModels.Create();
        model.PositionRemapping = new SelfExtend(2, 8);
        ModelConfig config = model.Config;
        Assert.Throws<ArgumentException>(() => LoraAdapter.Load(folder["adapter"], model, AdapterPositions.Apply));
        Assert.Null(model.Adapter);
        Assert.Equal(config, model.Config);
    }

    [Fact]
    public void Save_IntoAModelsFolder_LeavesItsConfigAndRefusesOtherPositions()
    {
        using CausalLanguageModel model = TinyModels.Create();
        model.Save(folder["base"]);
        string config = File.ReadAllText(Path.Combine(folder["base"], "config.json"));
        LoraAdapter adapter = model.AddAdapter(new LoraOptions { Rank = 2 }, seed: 1);
        adapter.Save(folder["base"]);
        model.ExtendTo(2 * TinyModels.TrainedWindow, ContextExtensionMethod.Linear);
        Assert.Contains("folder of its own", Assert.Throws<InvalidOperationException>(() => adapter.Save(folder["base"])).Message, StringComparison.Ordinal);
        Assert.Equal(config, File.ReadAllText(Path.Combine(folder["base"], "config.json")));
    }

    /// <summary>Weights that are not read here, or have not come yet, are a model's too.</summary>
    [Theory]
    [InlineData("pytorch_model.bin")]
    [InlineData("pytorch_model-00001-of-00002.bin")]
    [InlineData(null)]
    public void Save_IntoAModelsFolderOfAnotherForm_LeavesItsConfig(string? weights)
    {
        using CausalLanguageModel model = TinyModels.Create();
        LoraAdapter adapter = model.AddAdapter(new LoraOptions { Rank = 2 }, seed: 1);
        Directory.CreateDirectory(folder["base"]);
        string path = Path.Combine(folder["base"], "config.json"), config = "{\"mine\": 1, " + model.Config.ToJson().TrimStart()[1..];
        File.WriteAllText(path, config);
        if (weights is not null) File.WriteAllText(Path.Combine(folder["base"], weights), "weights");
        adapter.Save(folder["base"]);
        Assert.Equal(config, File.ReadAllText(path));
        adapter.Save(folder["own"]);
        adapter.Save(folder["own"]); // an adapter's folder is written anew
        if (weights is null) return;
        File.WriteAllText(path, "{");
        Assert.Contains("folder of its own", Assert.Throws<InvalidOperationException>(() => adapter.Save(folder["base"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"model_type\": \"unheard-of\"}")]
    public void Load_ConfigThatCannotBeRead_NamesTheWayAround(string config)
    {
        SaveTrained(model => model.ExtendTo(2 * TinyModels.TrainedWindow, ContextExtensionMethod.Linear));
        File.WriteAllText(Path.Combine(folder["adapter"], "config.json"), config);
        using CausalLanguageModel model = TinyModels.Create();
        Exception? refused = Record.Exception(() => LoraAdapter.Load(folder["adapter"], model));
        Assert.Contains("AdapterPositions.KeepModel", Assert.IsType<CheckpointFormatException>(refused).Message, StringComparison.Ordinal);
        LoraAdapter.Load(folder["adapter"], model, AdapterPositions.KeepModel);
    }

    /// <summary>A head that the adapter parted from the embedding is not the base's: transformers would look for it in the base's weights.</summary>
    [Fact]
    public void Save_AdaptedHeadOfATiedModel_LeavesTheBaseTiedInItsConfig()
    {
        using CausalLanguageModel model = CausalLanguageModel.Create(TinyModels.Config() with { TieWordEmbeddings = true }, 1);
        LoraAdapter adapter = model.AddAdapter(new LoraOptions { Rank = 2, TargetModules = ["lm_head"] }, seed: 1);
        Assert.False(model.Config.TieWordEmbeddings);
        adapter.Save(folder["adapter"]);
        Assert.True(ModelConfig.Load(folder["adapter"]).TieWordEmbeddings);
    }

    private double[] SaveTrained(Action<CausalLanguageModel> extend)
    {
        using CausalLanguageModel model = TinyModels.Create();
        extend(model);
        LoraAdapterTests.Disturb(model.AddAdapter(new LoraOptions { Rank = 2 }, seed: 1));
        model.Adapter!.Save(folder["adapter"]);
        return TinyModels.Logits(model, pack);
    }
}

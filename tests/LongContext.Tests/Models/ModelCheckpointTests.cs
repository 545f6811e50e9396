using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Positions;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Models;

/// <summary>Models from and to Hugging Face folders.</summary>
public sealed class ModelCheckpointTests
{
    public static IEnumerable<TheoryDataRow<string>> Cases() => FixtureModels.All();

    [Theory, MemberData(nameof(Cases)), Trait(FixtureTraits.Name, FixtureTraits.Models)]
    public void Save_ThenLoad_GivesTheSameBytesAndConfig(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        model.Save(folder["one"]);
        using CausalLanguageModel again = CausalLanguageModel.Load(folder["one"]);
        TinyModels.AssertSameBytes(TinyModels.Bytes(model), TinyModels.Bytes(again));
        Assert.Equal(model.Config, again.Config);
        Assert.Equal(model.DataType, again.DataType);

        again.Save(folder["two"]);
        foreach (string file in new[] { "config.json", "model.safetensors", "generation_config.json" })
            Assert.Equal(File.ReadAllBytes(folder["one/" + file]), File.ReadAllBytes(folder["two/" + file]));
    }

    [Theory, MemberData(nameof(Cases)), Trait(FixtureTraits.Name, FixtureTraits.Models)]
    public void Save_InShards_LoadsEqual(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        model.Save(folder.Path, maximumShardBytes: 10_000);
        Assert.True(File.Exists(folder["model.safetensors.index.json"]));
        Assert.False(File.Exists(folder["model.safetensors"]));
        Assert.True(Directory.GetFiles(folder.Path, "model-*-of-*.safetensors").Length > 3);
        using CausalLanguageModel again = CausalLanguageModel.Load(folder.Path);
        TinyModels.AssertSameBytes(TinyModels.Bytes(model), TinyModels.Bytes(again));
    }

    [Theory]
    [InlineData(ScalarType.BFloat16, "bfloat16")]
    [InlineData(ScalarType.Float16, "float16")]
    [InlineData(ScalarType.Float64, "float64")]
    public void Load_AsAnotherType_IsSavedAsThat(ScalarType dataType, string configName)
    {
        using TemporaryFolder folder = SavedModel(out _);
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { DataType = dataType });
        Assert.All(model.Parameters.Values, tensor => Assert.Equal(dataType, tensor.dtype));
        model.Save(folder["other"]);
        using CausalLanguageModel again = CausalLanguageModel.Load(folder["other"]);
        Assert.Equal(dataType, again.DataType);
        Assert.Equal(configName, again.Config.DataType);
        TinyModels.AssertSameBytes(TinyModels.Bytes(model), TinyModels.Bytes(again));
    }

    [Fact]
    public void Load_FilesOfMixedTypes_GivesOneType()
    {
        using TemporaryFolder folder = SavedModel(out _);
        Rewrite(folder.Path, (name, tensor) => name.EndsWith("norm.weight", StringComparison.Ordinal) ? tensor : tensor.to(ScalarType.BFloat16));
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path);
        Assert.All(model.Parameters.Values, tensor => Assert.Equal(ScalarType.BFloat16, tensor.dtype));
    }

    [Fact]
    public void Save_OfALoadedModel_TakesItsTokenizerAlong()
    {
        using TemporaryFolder folder = SavedModel(out _);
        string[] companions = ["tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "generation_config.json", "chat_template.jinja"];
        // This one is read, too.
        static string Text(string companion) => companion == "generation_config.json" ? "{ \"eos_token_id\": [5,  3], \"of_another_program\": 1 }" : "this is " + companion;
        foreach (string companion in companions) File.WriteAllText(folder[companion], Text(companion));
        File.WriteAllText(folder["notes.txt"], "not the model's");
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path);

        model.Save(folder["copy"]);
        Assert.All(companions, companion => Assert.Equal(Text(companion), File.ReadAllText(folder["copy/" + companion])));
        Assert.False(File.Exists(folder["copy/notes.txt"]));

        model.Save(folder.Path); // onto itself
        Assert.All(companions, companion => Assert.Equal(Text(companion), File.ReadAllText(folder[companion])));
    }

    [Fact]
    public void Load_WithAnotherScaling_SavesTheLongerWindow()
    {
        using TemporaryFolder folder = SavedModel(out _);
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { RopeScaling = RopeScaling.Linear(8) });
        Assert.Equal(8 * TinyModels.TrainedWindow, model.ContextLength);
        model.Save(folder["long"]);
        using CausalLanguageModel again = CausalLanguageModel.Load(folder["long"]);
        Assert.Equal(RopeScaling.Linear(8), again.Config.RopeScaling);
        Assert.Equal(8 * TinyModels.TrainedWindow, again.ContextLength);
        Assert.Equal(model.Config, again.Config);
    }

    [Fact]
    public void Load_ContextLength_IsCheckedAndTaken()
    {
        using TemporaryFolder folder = SavedModel(out _);
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { ContextLength = 77 });
        Assert.Equal(77, model.ContextLength);
        ArgumentException e = Assert.ThrowsAny<ArgumentException>(() => CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { ContextLength = 0 }));
        Assert.Contains("ContextLength", e.Message, StringComparison.Ordinal);
        Assert.ThrowsAny<ArgumentException>(
            () => CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { ContextLength = -1, RopeScaling = RopeScaling.Linear(2) }));
    }

    [Fact]
    public void Load_WithoutATensor_NamesFolderAndTensor()
    {
        using TemporaryFolder folder = SavedModel(out _);
        Rewrite(folder.Path, (name, tensor) => name == "model.layers.1.mlp.up_proj.weight" ? null : tensor);
        AssertRefused<CheckpointFormatException>(folder.Path, folder.Path, "model.layers.1.mlp.up_proj.weight", "[40, 32]");
    }

    [Fact]
    public void Load_TensorOfAnotherShape_NamesFileTensorAndBothShapes()
    {
        using TemporaryFolder folder = SavedModel(out _);
        Rewrite(folder.Path, (name, tensor) => name == "model.norm.weight" ? ones(31) : tensor);
        AssertRefused<CheckpointFormatException>(folder.Path, folder["model.safetensors"], "model.norm.weight", "[31]", "[32]");
    }

    [Fact]
    public void Load_IntegerWeights_NamesFileTensorAndType()
    {
        using TemporaryFolder folder = SavedModel(out _);
        Rewrite(folder.Path, (name, tensor) => name == "model.norm.weight" ? tensor.to(ScalarType.Int64) : tensor);
        AssertRefused<CheckpointFormatException>(folder.Path, folder["model.safetensors"], "model.norm.weight", "Int64");
    }

    [Theory]
    [InlineData("model_type", "mamba")]
    [InlineData("hidden_act", "laplace")]
    public void Load_WhatIsNotKnown_IsRefusedByName(string field, string value)
    {
        using TemporaryFolder folder = SavedModel(out _);
        JsonNode config = JsonNode.Parse(File.ReadAllText(folder["config.json"]))!;
        config[field] = value;
        File.WriteAllText(folder["config.json"], config.ToJsonString());
        AssertRefused<NotSupportedException>(folder.Path, "config.json", field, value);
    }

    [Fact]
    public void Load_TruncatedWeights_NamesTheFile()
    {
        using TemporaryFolder folder = SavedModel(out _);
        using (FileStream file = File.OpenWrite(folder["model.safetensors"])) file.SetLength(file.Length - 1);
        AssertRefused<CheckpointFormatException>(folder.Path, folder["model.safetensors"]);
    }

    [Fact]
    public void Load_NoFolder_SaysSo()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Exception e = Assert.ThrowsAny<IOException>(() => CausalLanguageModel.Load(folder["nowhere"]));
        Assert.Contains(folder["nowhere"], e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => CausalLanguageModel.Load(""));
    }

    /// <summary>A saved float32 model.</summary>
    internal static TemporaryFolder SavedModel(out Dictionary<string, byte[]> bytes)
    {
        TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32);
        model.Save(folder.Path);
        bytes = TinyModels.Bytes(model);
        return folder;
    }

    /// <summary>Writes a folder's weights again with some changed or, where null comes back, left out.</summary>
    internal static void Rewrite(string folder, Func<string, Tensor, Tensor?> change)
    {
        using var scope = NewDisposeScope();
        List<SafetensorsEntry> entries = [];
        using (CausalLanguageModel model = CausalLanguageModel.Load(folder))
        {
            foreach ((string name, Tensor tensor) in model.Parameters)
            {
                if (change(name, tensor.clone()) is { } changed) entries.Add(SafetensorsTensors.Entry(name, changed));
            }
        }

        CheckpointWriter.Write(folder, entries);
    }

    private static void AssertRefused<TException>(string folder, params string[] named)
        where TException : Exception
    {
        TException e = Assert.Throws<TException>(() => CausalLanguageModel.Load(folder));
        Assert.All(named, text => Assert.Contains(text, e.Message, StringComparison.Ordinal));
    }
}

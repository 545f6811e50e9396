using System.Diagnostics;
using System.Text.Json.Nodes;
using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.TestSupport;

namespace LongContext.Tests.Adapters;

/// <summary>Damaged and hostile adapter folders: an error that names what is wrong, and a model that is as it was.</summary>
public sealed class PeftFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = TestPaths.NewTemporaryFolder();
    private readonly CausalLanguageModel model = TinyModels.Create();
    private readonly Dictionary<string, byte[]> before;

    public PeftFolderTests()
    {
        before = TinyModels.Bytes(model);
        model.AddAdapter(new LoraOptions { Rank = 2, TargetModules = ["q_proj", "down_proj"], ModulesToSave = ["norm"] }, 1).Save(folder.Path);
        model.RemoveAdapter();
    }

    private string ConfigPath => Path.Combine(folder.Path, "adapter_config.json");

    private string WeightsPath => Path.Combine(folder.Path, "adapter_model.safetensors");

    public void Dispose()
    {
        model.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("modules_to_save")]
    [InlineData("target_modules")]
    [InlineData("layers_pattern")]
    public void Load_MoreNamesThanAnyModelHas_IsRefusedAtOnce(string field)
    {
        Change(field, "[" + string.Join(",", Enumerable.Range(0, 300_000).Select(i => $"\"a{i}\"")) + "]");
        var watch = Stopwatch.StartNew();
        CheckpointFormatException exception = Assert.Throws<CheckpointFormatException>(() => LoraAdapter.Load(folder.Path, model));
        Assert.Contains("300000 entries", exception.Message, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"{watch.Elapsed}"); // hours before
        AssertUntouched();
    }

    [Fact]
    public void Load_WholeFolder_Loads() => Assert.Equal(4, LoraAdapter.Load(folder.Path, model).TargetedModules.Count);

    [Theory]
    [InlineData("peft_type", "\"IA3\"", "peft_type")]
    [InlineData("peft_type", "null", "peft_type")]
    [InlineData("use_qalora", "true", "use_qalora")]
    [InlineData("alora_invocation_tokens", "[1]", "alora_invocation_tokens")]
    [InlineData("trainable_token_indices", "{\"embed_tokens\": [1]}", "trainable_token_indices")]
    [InlineData("target_parameters", "[\"x\"]", "target_parameters")]
    [InlineData("fan_in_fan_out", "true", "fan_in_fan_out")]
    [InlineData("init_lora_weights", "\"pissa\"", "init_lora_weights")]
    [InlineData("init_lora_weights", "\"loftq\"", "init_lora_weights")]
    public void Load_OtherKind_IsRefusedByName(string field, string value, string named)
    {
        Change(field, value);
        Exception exception = Assert.ThrowsAny<Exception>(() => LoraAdapter.Load(folder.Path, model));
        Assert.True(exception is NotSupportedException or CheckpointFormatException, exception.ToString());
        Assert.Contains($"'{named}'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("adapter_config.json", exception.Message, StringComparison.Ordinal);
        AssertUntouched();
    }

    [Theory]
    [InlineData("r", "0", "Rank")]
    [InlineData("r", "2000000000", "Rank")]
    [InlineData("r", "\"8\"", "'r'")]
    [InlineData("r", "8.5", "'r'")]
    [InlineData("lora_alpha", "[]", "'lora_alpha'")]
    [InlineData("lora_dropout", "1.5", "Dropout")]
    [InlineData("bias", "\"some\"", "'bias'")]
    [InlineData("target_modules", "{\"a\": 1}", "'target_modules'")]
    [InlineData("target_modules", "[1]", "'target_modules'")]
    [InlineData("target_modules", "null", "'target_modules'")]
    [InlineData("target_modules", "\"(\"", "TargetPattern")]
    [InlineData("target_modules", "[\"nothing\"]", "nothing")]
    [InlineData("modules_to_save", "[\"nothing\"]", "'nothing'")]
    [InlineData("rank_pattern", "{\"q_proj\": -1}", "q_proj")]
    [InlineData("rank_pattern", "{\"q_proj\": 1000000000}", "q_proj")]
    [InlineData("rank_pattern", "[]", "'rank_pattern'")]
    [InlineData("alpha_pattern", "{\"q_proj\": \"x\"}", "'alpha_pattern.q_proj'")]
    [InlineData("layers_to_transform", "[-1]", "LayersToTransform")]
    [InlineData("layers_pattern", "\"layers\"", "LayersPattern")]
    public void Load_FieldOutOfRange_IsNamed(string field, string value, string named)
    {
        Change(field, value);
        var exception = Assert.Throws<CheckpointFormatException>(() => LoraAdapter.Load(folder.Path, model));
        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
        Assert.Contains("adapter_config.json", exception.Message, StringComparison.Ordinal);
        AssertUntouched();
    }

    [Theory]
    [InlineData("\"r\": 4", "rank")]
    [InlineData("\"modules_to_save\": null", "unknown")]
    [InlineData("\"use_dora\": true", "missing")]
    [InlineData("\"lora_bias\": true", "missing")]
    [InlineData("\"target_modules\": [\"q_proj\", \"v_proj\"]", "both")]
    [InlineData("\"bias\": \"all\"", "none")]
    public void Load_ConfigAndTensorsDiffer_NamesTheTensors(string change, string kind)
    {
        string[] parts = change.Split(':', 2);
        Change(parts[0].Trim('"'), parts[1]);
        if (kind == "none")
        {
            LoraAdapter.Load(folder.Path, model); // the model has no bias
            return;
        }

        string message = Assert.Throws<CheckpointFormatException>(() => LoraAdapter.Load(folder.Path, model)).Message;
        string[] expected = kind switch
        {
            "rank" => ["has shape [2, 32], expected [4, 32]", "layers.0.self_attn.q_proj.lora_A.weight", "And"],
            "unknown" => ["5 tensors are none", "'base_model.model.model.layers.0.input_layernorm.weight'"],
            "missing" => ["4 tensors", "missing", "layers.0.self_attn.q_proj.lora_"],
            _ => ["4 tensors are none", "down_proj", "4 tensors that the config asks for are missing", "v_proj"],
        };
        foreach (string part in expected) Assert.Contains(part, message, StringComparison.Ordinal);
        AssertUntouched();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"peft_type\": \"LORA\"}")]
    [InlineData("{\"peft_type\": \"LORA\", \"peft_type\": \"LORA\", \"r\": 2}")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 1e999, \"target_modules\": [\"q_proj\"]}")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 2, \"target_modules\": [\"\"]}")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 2, \"target_modules\": [\"\\ud800\"]}")]
    public void Load_BadJson_IsNamed(string json)
    {
        File.WriteAllText(ConfigPath, json);
        Assert.Contains("adapter_config.json", Assert.Throws<CheckpointFormatException>(() => LoraAdapter.Load(folder.Path, model)).Message, StringComparison.Ordinal);
        AssertUntouched();
    }

    [Theory]
    [InlineData("(.*.*.*.*.*.*.*.*.*.*.*)*(?!x)y")]
    [InlineData("(a|.|..)*(?=z)q")]
    [InlineData("((.+)+)+\\\\1y")]
    [InlineData("(((((.{0,1000}){0,1000}){0,1000}){0,1000}){0,1000})y")]
    public void Load_PatternThatExplodes_EndsSoon(string pattern)
    {
        foreach (string field in new[] { "target_modules", "exclude_modules", "rank_pattern" })
        {
            Change(field, field == "rank_pattern" ? $"{{\"{pattern}\": 3}}" : $"\"{pattern}\"");
            long started = Stopwatch.GetTimestamp();
            try
            {
                LoraAdapter.Load(folder.Path, model); // a pattern may also be found to match nothing
                model.RemoveAdapter();
            }
            catch (CheckpointFormatException)
            {
            }

            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20));
            Change(field, field == "target_modules" ? "[\"q_proj\", \"down_proj\"]" : "null");
            AssertUntouched();
        }
    }

    [Fact]
    public void Load_PatternOfAMegabyte_IsRefused()
    {
        Change("target_modules", $"\"{new string('(', 1_000_000)}\"");
        Assert.Contains("1000000 characters", Assert.Throws<CheckpointFormatException>(() => LoraAdapter.Load(folder.Path, model)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FilesMissing_AreNamed()
    {
        File.Delete(WeightsPath);
        Assert.Contains("adapter_model.safetensors", Assert.Throws<CheckpointFormatException>(() => LoraAdapter.Load(folder.Path, model)).Message, StringComparison.Ordinal);
        File.WriteAllBytes(Path.Combine(folder.Path, "adapter_model.bin"), [0x80, 2]);
        Assert.Contains("pickle", Assert.Throws<CheckpointFormatException>(() => LoraAdapter.Load(folder.Path, model)).Message, StringComparison.Ordinal);
        File.Delete(ConfigPath);
        Assert.Contains("adapter_config.json", Assert.Throws<CheckpointFormatException>(() => LoraAdapter.Load(folder.Path, model)).Message, StringComparison.Ordinal);
        Assert.Throws<DirectoryNotFoundException>(() => LoraAdapter.Load(Path.Combine(folder.Path, "none"), model));
        AssertUntouched();
    }

    [Theory]
    [InlineData("model.language_model.")]
    [InlineData("language_model.model.")]
    public void Load_NamesOfAModelOfSeveralParts_AreFound(string part)
    {
        double[] plain, renamed;
        Packing.PackedBatch pack = Packing.PackedBatch.Create([TinyModels.Document(9, 1)]);
        LoraAdapter adapter = LoraAdapter.Load(folder.Path, model);
        LoraAdapterTests.Disturb(adapter);
        plain = TinyModels.Logits(model, pack);
        SafetensorsEntry[] entries =
        [
            .. adapter.Tensors.Select(pair => SafetensorsTensors.Entry(pair.Key.Replace("base_model.model.model.", "base_model.model." + part, StringComparison.Ordinal), pair.Value)),
        ];
        SafetensorsWriter.Write(WeightsPath, entries);
        model.RemoveAdapter();
        LoraAdapter.Load(folder.Path, model);
        renamed = TinyModels.Logits(model, pack);
        Assert.Equal(plain, renamed);
    }

    [Fact]
    public void Load_TensorsDamaged_IsNamed()
    {
        byte[] whole = File.ReadAllBytes(WeightsPath);
        File.WriteAllBytes(WeightsPath, whole[..^5]);
        Assert.Throws<CheckpointFormatException>(() => LoraAdapter.Load(folder.Path, model));
        SafetensorsWriter.Write(WeightsPath, [.. Entries(TensorDataType.Int32)]);
        Assert.Contains("Int32", Assert.Throws<CheckpointFormatException>(() => LoraAdapter.Load(folder.Path, model)).Message, StringComparison.Ordinal);
        AssertUntouched();

        IEnumerable<SafetensorsEntry> Entries(TensorDataType type)
        {
            using CausalLanguageModel other = TinyModels.Create();
            File.WriteAllBytes(WeightsPath, whole);
            LoraAdapter adapter = LoraAdapter.Load(folder.Path, other);
            return [.. adapter.Tensors.Select(pair => (pair.Key, Shape: pair.Value.shape, Bytes: new byte[pair.Value.numel() * 4])).ToArray().Select(tensor => new SafetensorsEntry(tensor.Key, type, tensor.Shape, stream => stream.Write(tensor.Bytes)))];
        }
    }

    [Fact]
    public void Save_WhereTheWeightsCannotBeWritten_LeavesNothing()
    {
        using CausalLanguageModel other = TinyModels.Create(seed: 6);
        LoraAdapter adapter = LoraAdapter.Load(folder.Path, other);
        byte[] config = File.ReadAllBytes(ConfigPath), weights = File.ReadAllBytes(WeightsPath);
        string blocked = Path.Combine(folder.Path, "blocked");
        Directory.CreateDirectory(Path.Combine(blocked, "adapter_model.safetensors"));
        Assert.ThrowsAny<IOException>(() => adapter.Save(blocked));
        Assert.Empty(Directory.GetFiles(blocked));
        Assert.Equal(config, File.ReadAllBytes(ConfigPath));
        Assert.Equal(weights, File.ReadAllBytes(WeightsPath));
    }

    private void Change(string field, string json)
    {
        JsonObject config = JsonNode.Parse(File.ReadAllText(ConfigPath))!.AsObject();
        config[field] = JsonNode.Parse(json);
        File.WriteAllText(ConfigPath, config.ToJsonString());
    }

    private void AssertUntouched()
    {
        Assert.Null(model.Adapter);
        TinyModels.AssertSameBytes(before, TinyModels.Bytes(model));
    }
}

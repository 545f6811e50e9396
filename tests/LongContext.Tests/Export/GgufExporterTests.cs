using LongContext.Core.Tests.Tokenization;
using LongContext.Export;
using LongContext.Gguf;
using LongContext.Models;
using LongContext.Tensors;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Export;

public sealed class GgufExporterTests
{
    private static readonly GgufExportOptions Bare = new() { WithoutTokenizer = true };

    [Fact]
    public void Export_Llama_HasItsTensorsAndSizes()
    {
        using CausalLanguageModel model = CausalLanguageModel.Create(ExportCases.Config("llama-biases"), seed: 1);
        (GgufFile file, TemporaryFolder folder) = Write(model, Bare);
        using TemporaryFolder kept = folder;
        Assert.Equal("llama", file.Metadata.Get<string>("general.architecture"));
        Assert.Equal(256u, file.Metadata.Get<uint>("llama.context_length"));
        Assert.Equal(64u, file.Metadata.Get<uint>("llama.embedding_length"));
        Assert.Equal(2u, file.Metadata.Get<uint>("llama.block_count"));
        Assert.Equal(2u, file.Metadata.Get<uint>("llama.attention.head_count_kv"));
        Assert.Equal(32u, file.Metadata.Get<uint>("llama.attention.key_length"));
        Assert.Equal(32u, file.Metadata.Get<uint>("llama.rope.dimension_count"));
        Assert.Equal(0u, file.Metadata.Get<uint>("general.file_type"));
        Assert.Equal("none", file.Metadata.Get<string>("tokenizer.ggml.model"));
        Assert.Equal(model.Parameters.Count, file.Tensors.Count);
        Assert.Equal([128, 64], file.Find("blk.1.attn_q.weight").Shape);
        Assert.Equal([64], file.Find("blk.1.attn_output.bias").Shape);
        Assert.Equal([64, 96], file.Find("blk.0.ffn_down.weight").Shape);
        AssertSame(model.Parameters["model.layers.1.self_attn.v_proj.weight"], file.ReadSingles("blk.1.attn_v.weight"));
        AssertSame(model.Parameters["model.layers.0.post_attention_layernorm.weight"], file.ReadSingles("blk.0.ffn_norm.weight"));
    }

    [Fact]
    public void Export_QueriesAndKeysOfLlama_HavePairsAsNeighbours()
    {
        using CausalLanguageModel model = CausalLanguageModel.Create(ExportCases.Config("llama-biases"), seed: 1);
        using (Tensor numbers = TensorArithmetic.Range(0, 64, CPU))
        using (no_grad()) model.Parameters["model.layers.0.self_attn.k_proj.bias"].copy_(numbers);
        (GgufFile file, TemporaryFolder folder) = Write(model, Bare);
        using TemporaryFolder kept = folder;
        // Two heads of 32: elements i and i + 16 of a head side by side.
        float[] expected = [.. Enumerable.Range(0, 64).Select(i => (float)((i / 32 * 32) + (i % 2 * 16) + (i % 32 / 2)))];
        Assert.Equal(expected, file.ReadSingles("blk.0.attn_k.bias"));
    }

    [Fact]
    public void Export_Gemma_HoldsNormsAsTheyMultiply()
    {
        using CausalLanguageModel model = CausalLanguageModel.Create(ExportCases.Config("gemma3-query-scale"), seed: 1);
        (GgufFile file, TemporaryFolder folder) = Write(model, Bare);
        using TemporaryFolder kept = folder;
        Assert.All(file.ReadSingles("blk.0.attn_norm.weight"), value => Assert.Equal(1, value));
        Assert.All(file.ReadSingles("blk.0.post_ffw_norm.weight"), value => Assert.Equal(1, value));
        // query_pre_attn_scalar is 24, a head's size 16.
        Assert.All(file.ReadSingles("blk.0.attn_q_norm.weight"), value => Assert.Equal(Math.Sqrt(16.0 / 24), value, 1e-6));
        Assert.All(file.ReadSingles("blk.0.attn_k_norm.weight"), value => Assert.Equal(1, value));
        Assert.False(file.Contains("output.weight"));
    }

    [Theory]
    [InlineData(GgufTensorType.Float16, 1u)]
    [InlineData(GgufTensorType.BFloat16, 32u)]
    [InlineData(GgufTensorType.Q8_0, 7u)]
    [InlineData(GgufTensorType.Q4_0, 2u)]
    public void Export_ElementType_IsThatOfMatricesAlone(GgufTensorType type, uint fileType)
    {
        using CausalLanguageModel model = CausalLanguageModel.Create(ExportCases.Of("llama") with { IntermediateSize = 100 }, seed: 1);
        (GgufFile file, TemporaryFolder folder) = Write(model, new GgufExportOptions { WithoutTokenizer = true, ElementType = type });
        using TemporaryFolder kept = folder;
        Assert.Equal(fileType, file.Metadata.Get<uint>("general.file_type"));
        Assert.All(file.Tensors, tensor => Assert.Equal(
            tensor.Shape.Count == 1 ? GgufTensorType.Float32
            : type is GgufTensorType.Q8_0 or GgufTensorType.Q4_0 && tensor.Name.Contains("ffn_down", StringComparison.Ordinal) ? GgufTensorType.Float16 // rows of 100
            : type,
            tensor.Type));
    }

    [Fact]
    public void Export_ModelOfHalfType_KeepsEveryBit()
    {
        using CausalLanguageModel model = CausalLanguageModel.Create(ExportCases.Of("qwen3"), seed: 1, new ModelLoadOptions { DataType = ScalarType.BFloat16 });
        (GgufFile file, TemporaryFolder folder) = Write(model, Bare);
        using TemporaryFolder kept = folder;
        using Tensor weight = model.Parameters["model.layers.0.mlp.up_proj.weight"].contiguous();
        Assert.Equal(GgufTensorType.BFloat16, file.Find("blk.0.ffn_up.weight").Type);
        Assert.True(weight.bytes.SequenceEqual(file.ReadBytes("blk.0.ffn_up.weight")));
    }

    [Fact]
    public void Export_Progress_TellsEveryTensor()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = CausalLanguageModel.Create(ExportCases.Config("llama-llama3"), seed: 1);
        var told = new List<GgufExportProgress>();
        GgufExporter.Export(model, folder["x.gguf"], Bare, new Listener(told.Add));
        Assert.Equal(model.Parameters.Count, told.Count);
        Assert.Equal(told[^1].TensorCount, told[^1].TensorsWritten);
        Assert.Equal(told[^1].ByteCount, told[^1].BytesWritten);
        Assert.Equal("output.weight", told[^1].Tensor);
    }

    [Fact]
    public void Export_Cancelled_LeavesWhatWasThere()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = CausalLanguageModel.Create(ExportCases.Of("llama"), seed: 1);
        File.WriteAllText(folder["x.gguf"], "older");
        using var source = new CancellationTokenSource();
        var options = new GgufExportOptions { WithoutTokenizer = true, Overwrite = true };
        Assert.Throws<OperationCanceledException>(() => GgufExporter.Export(model, folder["x.gguf"], options, new Listener(_ => source.Cancel()), source.Token));
        Assert.Equal("older", File.ReadAllText(folder["x.gguf"]));
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
        Assert.Contains("is there already", Assert.Throws<IOException>(() => GgufExporter.Export(model, folder["x.gguf"], Bare)).Message, StringComparison.Ordinal);
        GgufExporter.Export(model, folder["x.gguf"], options);
        Assert.NotEmpty(GgufFile.Open(folder["x.gguf"]).Tensors);
    }

    [Theory]
    [InlineData(GgufTensorType.Float16, 7e4f)]
    [InlineData(GgufTensorType.Q8_0, float.NaN)]
    [InlineData(GgufTensorType.Q4_0, float.NaN)]
    [InlineData(GgufTensorType.Q4_0, -6e5f)]
    public void Export_ValueBeyondTheType_ThrowsTheTensor(GgufTensorType type, float value)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = CausalLanguageModel.Create(ExportCases.Of("llama"), seed: 1);
        using (no_grad()) model.Parameters["model.layers.1.mlp.down_proj.weight"].FillInPlace(value);
        string message = Assert.Throws<NotSupportedException>(
            () => GgufExporter.Export(model, folder["x.gguf"], new GgufExportOptions { WithoutTokenizer = true, ElementType = type })).Message;
        Assert.Contains("'blk.1.ffn_down.weight'", message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Export_Templates_TravelAlong()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = CausalLanguageModel.Create(ExportCases.Of("llama"), seed: 1);
        string tokenizer = ByteTokenizer.Write(folder["tokenizer"], ExportCases.Vocabulary);
        File.WriteAllText(Path.Combine(tokenizer, "tokenizer_config.json"), """{"chat_template": [{"name": "default", "template": "d"}, {"name": "tool_use", "template": "t"}]}""");
        GgufExporter.Export(model, folder["x.gguf"], new GgufExportOptions { TokenizerFolder = tokenizer });
        GgufMetadata metadata = GgufFile.Open(folder["x.gguf"]).Metadata;
        Assert.Equal("d", metadata.Get<string>("tokenizer.chat_template"));
        Assert.Equal("t", metadata.Get<string>("tokenizer.chat_template.tool_use"));
        Assert.Equal(1u, metadata.Get<uint>("tokenizer.ggml.bos_token_id"));
        GgufExporter.Export(model, folder["x.gguf"], new GgufExportOptions { TokenizerFolder = tokenizer, Overwrite = true, ChatTemplate = "mine" });
        Assert.Equal("mine", GgufFile.Open(folder["x.gguf"]).Metadata.Get<string>("tokenizer.chat_template"));
        Assert.Contains("TokenizerFolder", Assert.Throws<ArgumentException>(() => GgufExporter.Export(model, folder["y.gguf"])).Message, StringComparison.Ordinal);
    }

    /// <summary>What generation_config.json says ends an answer is the end of a turn, where it is one token and nothing else.</summary>
    [Theory]
    [InlineData("[2]", false, null)]
    [InlineData("[2, 9]", false, 9)]
    [InlineData("9", false, 9)]
    [InlineData("[2, 9, 10]", false, null)]
    [InlineData("[2, 9, 1]", false, 9)]
    [InlineData("[2, 9, 10]", true, 9)]
    public void Export_EndsOfAnswers_AreThoseOfTheGenerationConfig(string ends, bool pads, int? expected)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using (CausalLanguageModel made = CausalLanguageModel.Create(ExportCases.Of("llama"), seed: 1)) made.Save(folder["model"]);
        ByteTokenizer.Write(folder["model"], ExportCases.Vocabulary);
        // Token 10 of that tokenizer is the byte 20, written as GPT-2 does it.
        if (pads) File.WriteAllText(folder["model/tokenizer_config.json"], "{\"pad_token\": \"\u0114\"}");
        File.WriteAllText(folder["model/generation_config.json"], $$"""{"eos_token_id": {{ends}}}""");
        using CausalLanguageModel model = CausalLanguageModel.Load(folder["model"]);
        Assert.Equal([2], model.Config.EndOfSentenceTokenIds);
        GgufExporter.Export(model, folder["x.gguf"]);
        GgufMetadata metadata = GgufFile.Open(folder["x.gguf"]).Metadata;
        Assert.Equal((1u, 2u), (metadata.Get<uint>("tokenizer.ggml.bos_token_id"), metadata.Get<uint>("tokenizer.ggml.eos_token_id")));
        Assert.Equal((uint?)expected, metadata.TryGetValue("tokenizer.ggml.eot_token_id", out object? end) ? (uint)end : null);
    }

    [Fact]
    public void Export_TokenizerModelAlone_IsWritten()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = CausalLanguageModel.Create(ExportCases.Of("llama") with { VocabularySize = 270 }, seed: 1);
        SentencePieceFile pieces = SentencePieceFile.OfPieces("▁", "a", "b", "ab");
        Directory.CreateDirectory(folder["tokenizer"]);
        File.WriteAllBytes(folder["tokenizer/tokenizer.model"], pieces.ToBytes());
        GgufExporter.Export(model, folder["x.gguf"], new GgufExportOptions { TokenizerFolder = folder["tokenizer"] });
        GgufMetadata metadata = GgufFile.Open(folder["x.gguf"]).Metadata;
        Assert.Equal(270, metadata.Get<string[]>("tokenizer.ggml.tokens").Length);
        Assert.Equal([0, -1, -2, -3, -10_000], metadata.Get<float[]>("tokenizer.ggml.scores")[259..264]);
    }

    [Theory]
    [InlineData("tokenizer.json", "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 0}, \"merges\": []}}", "same id 0")]
    [InlineData("tokenizer.json", "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"a b\"]}}", "model.merges")]
    [InlineData("tokenizer.model", "no model", "not a SentencePiece model")]
    public void Export_DamagedTokenizer_ThrowsWhereAndLeavesNothing(string file, string content, string expected)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = CausalLanguageModel.Create(ExportCases.Of("llama"), seed: 1);
        File.WriteAllText(folder[file], content);
        string message = Assert.Throws<InvalidDataException>(
            () => GgufExporter.Export(model, folder["x.gguf"], new GgufExportOptions { TokenizerFolder = folder.Path })).Message;
        Assert.Contains($"{file}: ", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Equal([folder[file]], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Export_FolderWithoutTokenizer_SaysWhatIsMissing()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = CausalLanguageModel.Create(ExportCases.Of("llama"), seed: 1);
        string message = Assert.Throws<FileNotFoundException>(
            () => GgufExporter.Export(model, folder["x.gguf"], new GgufExportOptions { TokenizerFolder = folder.Path })).Message;
        Assert.Contains("neither tokenizer.json nor tokenizer.model", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Export_DisposedModel_SaysSo()
    {
        CausalLanguageModel model = CausalLanguageModel.Create(ExportCases.Of("llama"), seed: 1);
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => GgufExporter.Export(model, "x.gguf", Bare));
    }

    private static (GgufFile File, TemporaryFolder Folder) Write(CausalLanguageModel model, GgufExportOptions options)
    {
        TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        GgufExporter.Export(model, folder["x.gguf"], options);
        return (GgufFile.Open(folder["x.gguf"]), folder);
    }

    private static void AssertSame(Tensor expected, float[] actual)
    {
        using Tensor plain = expected.detach(), whole = plain.contiguous();
        Assert.Equal(whole.data<float>().ToArray(), actual);
    }

    private sealed class Listener(Action<GgufExportProgress> tell) : IProgress<GgufExportProgress>
    {
        public void Report(GgufExportProgress value) => tell(value);
    }
}

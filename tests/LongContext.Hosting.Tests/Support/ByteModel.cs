using System.Text;
using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Checkpoints;
using LongContext.Generation;
using LongContext.Models;
using LongContext.TestSupport;

namespace LongContext.Hosting.Support;

/// <summary>A folder with a model of some thousand weights that reads and writes bytes, and knows ChatML's special tokens.</summary>
internal sealed class ByteModel : IDisposable
{
    /// <summary>Bytes of keys and values of a token: two layers of two heads of eight in float32, twice.</summary>
    public const int TokenBytes = 2 * 2 * 8 * 4 * 2;

    private readonly TemporaryFolder folder = TestPaths.NewTemporaryFolder();

    public ByteModel(int window = 131_072)
    {
        var config = new ModelConfig
        {
            VocabularySize = 300, HiddenSize = 32, IntermediateSize = 40, LayerCount = 2, HeadCount = 4, KeyValueHeadCount = 2, MaxPositionEmbeddings = window, InitializerRange = 0.3,
            BeginningOfSentenceTokenId = 256, EndOfSentenceTokenIds = [259],
        };
        using (CausalLanguageModel model = CausalLanguageModel.Create(config, 7, new ModelLoadOptions { DataType = TorchSharp.torch.ScalarType.Float32 })) model.Save(Folder);
        WriteTokenizer();
    }

    public string Folder => folder["model"];

    /// <summary>A client of its own over the folder.</summary>
    public LongContextChatClient Load(GenerationEngineOptions? engine = null, bool alone = false, string format = "chatml", GenerationOptions? generation = null) => LongContextChatClient.Load(Folder, new LongContextChatClientOptions
    {
        ModelId = TestServer.ModelId, ChatFormat = ChatFormat.Named(format), Generation = generation, Engine = alone ? null : engine ?? Engine,
    });

    public static GenerationEngineOptions Engine => new() { CacheTokens = 150_000, Threads = 1 };

    /// <summary>Has a token put before every text.</summary>
    public void PutBefore()
    {
        string file = Path.Combine(Folder, "tokenizer.json");
        JsonNode tokenizer = JsonNode.Parse(File.ReadAllText(file))!;
        tokenizer["post_processor"] = JsonNode.Parse("""
            {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[256],"tokens":["<s>"]}}}
            """);
        File.WriteAllText(file, tokenizer.ToJsonString());
    }

    public void Dispose() => folder.Dispose();

    private void WriteTokenizer()
    {
        var vocabulary = new JsonObject();
        for (int value = 0; value < 256; value++) vocabulary[Alphabet((byte)value).ToString()] = value;
        string[] special = ["<s>", "<|im_start|>", "<|im_end|>", "<|endoftext|>"];
        var json = new JsonObject
        {
            ["added_tokens"] = new JsonArray([.. special.Select((token, i) => new JsonObject
            {
                ["id"] = 256 + i, ["content"] = token, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true,
            })]),
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = false },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        };
        File.WriteAllText(Path.Combine(Folder, "tokenizer.json"), json.ToJsonString(), new UTF8Encoding(false));
        File.WriteAllText(Path.Combine(Folder, "tokenizer_config.json"), """{"bos_token": "<s>", "eos_token": "<|endoftext|>"}""");
    }

    /// <summary>GPT-2's character for a byte.</summary>
    private static char Alphabet(byte value)
    {
        return Prints(value) ? (char)value : (char)(256 + Enumerable.Range(0, value).Count(other => !Prints((byte)other)));

        static bool Prints(byte b) => b is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
    }
}

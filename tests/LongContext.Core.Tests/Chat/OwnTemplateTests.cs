using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Chat.Templates;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Chat;

/// <summary>Templates written here: the same as their definitions, and into folders.</summary>
public sealed class OwnTemplateTests : IDisposable
{
    private static readonly ChatTurn[] Turns = [ChatTurn.User("q"), ChatTurn.Assistant("a")];

    private readonly TemporaryFolder folder = TestPaths.NewTemporaryFolder();

    public static TheoryData<string> Names => [.. OwnTemplates.Names];

    private string Config => folder["tokenizer_config.json"];

    public void Dispose() => folder.Dispose();

    /// <summary>tests/Fixtures/chat-own: what Jinja makes of random conversations.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Template_RandomConversations_IsWhatTheFormatWrites(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(TestPaths.Fixtures, "chat-own", name + ".json")));
        ChatFormat format = ChatFormat.Named(name);
        Assert.Equal(document.RootElement.GetProperty("template").GetString(), format.Template);
        int written = 0;
        foreach (JsonElement item in document.RootElement.GetProperty("cases").EnumerateArray())
        {
            ChatTurn[] turns = [.. item.GetProperty("messages").EnumerateArray().Select(ChatFolders.Turn)];
            var options = new ChatRenderOptions { AddGenerationPrompt = item.GetProperty("add_generation_prompt").GetBoolean() };
            if (item.TryGetProperty("text", out JsonElement text)) Assert.Equal(text.GetString(), format.Render(turns, options).Text);
            else Assert.Throws<ArgumentException>(() => format.Render(turns, options));
            written += text.ValueKind == JsonValueKind.String ? 1 : 0;
        }

        Assert.True(written > 20, $"{written}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void SaveTemplate_FolderWithoutOne_IsLoadedAsTheFormat(string name)
    {
        File.WriteAllText(Config, """{"bos_token": "<other>", "eos_token": {"content": "<end>"}, "kept": [1, "é"]}""");
        ChatFormat.Named(name).SaveTemplate(folder.Path);
        ChatFormat loaded = ChatFormat.Load(folder.Path);
        Assert.Equal(name, loaded.Name);
        Assert.Equal(ChatFormat.Named(name).Render(Turns).Text, loaded.Render(Turns).Text);
        Assert.Equal(ChatFormat.Named(name).Template, loaded.Template);
        Assert.Equal("""[1,"é"]""", JsonNode.Parse(File.ReadAllText(Config))!["kept"]!.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }

    [Fact]
    public void SaveTemplate_NoTokenizerFiles_MakesTheConfig()
    {
        ChatFormat.Named("ChatML").SaveTemplate(folder.Path);
        Assert.Equal("chatml", ChatFormat.Load(folder.Path).Name);
    }

    [Fact]
    public void SaveTemplate_SeveralTemplatesAndAFileThatCountsBefore_ReplacesTheOneThatCounts()
    {
        File.WriteAllText(Config, """{"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]}""");
        File.WriteAllText(folder["chat_template.jinja"], "another");
        ChatFormat.Named("chatml").SaveTemplate(folder.Path);
        Assert.Equal("chatml", ChatFormat.Load(folder.Path).Name);
        JsonArray templates = JsonNode.Parse(File.ReadAllText(Config))!["chat_template"]!.AsArray();
        Assert.Equal(["t", ChatFormat.Named("chatml").Template], templates.Select(template => (string?)template!["template"]));
    }

    [Fact]
    public void SaveTemplate_FolderThatWritesTheSame_StaysAsItIs()
    {
        string text = new JsonObject { ["chat_template"] = ChatFolders.ChatMl }.ToJsonString();
        File.WriteAllText(Config, text);
        ChatFormat.Named("chatml").SaveTemplate(folder.Path);
        Assert.Equal(text, File.ReadAllText(Config));
    }

    /// <summary>A format of one model's folder goes to another's with its template.</summary>
    [Fact]
    public void SaveTemplate_LoadedFormat_BringsTheTemplateThatItWasLoadedFrom()
    {
        ChatFormat format = ChatFolders.Load(new JsonObject { ["chat_template"] = ChatFolders.ChatMl });
        Assert.Equal(ChatFolders.ChatMl, format.Template);
        format.SaveTemplate(folder.Path);
        Assert.Equal(ChatFolders.ChatMl, ChatFormat.Load(folder.Path).Template);
    }

    [Theory]
    [InlineData(null, "has no chat template")]
    [InlineData("x", "cannot be used here")]
    [InlineData(ChatFolders.ChatMl, "has another chat template (chatml)")]
    public void SaveTemplate_FormatWithoutOne_SaysWhatTheFolderHas(string? template, string found)
    {
        string text = new JsonObject { ["chat_template"] = template }.ToJsonString();
        File.WriteAllText(Config, text);
        Assert.Null(ChatFormat.Named("llama2").Template);
        string message = Assert.Throws<NotSupportedException>(() => ChatFormat.Named("llama2").SaveTemplate(folder.Path)).Message;
        Assert.Contains(found, message, StringComparison.Ordinal);
        Assert.Contains("LongContextChatClientOptions.ChatFormat", message, StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(Config));
    }

    /// <summary>A template that names bos_token writes another one in a folder with another.</summary>
    [Fact]
    public void SaveTemplate_TokensOfTheFolderMakeItAnother_IsRefused()
    {
        const string Hermes = "{{bos_token}}{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
        ChatFormat format = ChatFolders.Load(new JsonObject { ["chat_template"] = Hermes, ["bos_token"] = "<one>" });
        File.WriteAllText(Config, """{"bos_token": "<two>"}""");
        Assert.Contains("bos_token", Assert.Throws<NotSupportedException>(() => format.SaveTemplate(folder.Path)).Message, StringComparison.Ordinal);
        File.WriteAllText(Config, """{"bos_token": "<one>"}""");
        format.SaveTemplate(folder.Path);
        Assert.Equal("<one><|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\na<|im_end|>\n", ChatFormat.Load(folder.Path).Render(Turns).Text);
        File.WriteAllText(Config, "{");
        Assert.Throws<NotSupportedException>(() => format.SaveTemplate(folder.Path));
        Assert.Throws<DirectoryNotFoundException>(() => format.SaveTemplate(folder["none"]));
    }

    [Fact]
    public void SaveTemplate_DerivedFormatsOwn_IsWrittenUnread()
    {
        new DerivedFormat().SaveTemplate(folder.Path);
        Assert.Equal("{{ mine }}", (string?)JsonNode.Parse(File.ReadAllText(Config))!["chat_template"]);
        Assert.Throws<NotSupportedException>(() => ChatFormat.Load(folder.Path));
    }

    /// <summary>A field twice is read past by who looks for the template, but cannot be written back.</summary>
    [Fact]
    public void SaveTemplate_ConfigWithAFieldTwice_IsNamedAndStays()
    {
        const string Twice = """{"bos_token": "a", "x": 1, "x": 2}""";
        File.WriteAllText(Config, Twice);
        Assert.Contains("'x'", Assert.Throws<NotSupportedException>(() => ChatFormat.Named("chatml").SaveTemplate(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Equal(Twice, File.ReadAllText(Config));
    }

    [Fact]
    public void SaveTemplate_DerivedFormatThatFails_SaysWithWhat()
    {
        File.WriteAllText(Config, new JsonObject { ["chat_template"] = ChatFolders.ChatMl }.ToJsonString());
        Assert.Contains("no such turn", Assert.Throws<NotSupportedException>(() => new FailingFormat().SaveTemplate(folder.Path)).Message, StringComparison.Ordinal);
    }

    private sealed class FailingFormat() : ChatFormat("failing", "<|im_end|>")
    {
        public override string Template => "{{ mine }}";

        protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options) => throw new KeyNotFoundException("no such turn");
    }

    private sealed class DerivedFormat() : ChatFormat("derived", "</s>")
    {
        public override string Template => "{{ mine }}";

        protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options) => text.Append("x");
    }
}

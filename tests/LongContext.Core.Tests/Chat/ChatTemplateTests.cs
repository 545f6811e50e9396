using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Chat;

/// <summary>Which folders' templates are recognised, and what becomes of the others.</summary>
public sealed class ChatTemplateTests
{
    private static readonly ChatTurn[] Hi = [ChatTurn.User("Hi")];

    [Fact]
    public void Load_TemplateAsString_IsRecognised() =>
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n", Config(ChatFolders.ChatMl).Render(Hi).Text);

    [Fact]
    public void Load_ListOfTemplates_TakesTheDefault()
    {
        var list = new JsonArray(
            new JsonObject { ["name"] = "tool_use", ["template"] = "{{ nothing }}" },
            new JsonObject { ["name"] = "default", ["template"] = ChatFolders.ChatMl });
        Assert.Equal("chatml", ChatFolders.Load(new JsonObject { ["chat_template"] = list }).Name);
    }

    [Fact]
    public void Load_TemplateFileBesideTheConfig_WinsOverIt()
    {
        Assert.Equal("chatml", ChatFolders.Load(new JsonObject { ["chat_template"] = "{{ nothing }}" }, ChatFolders.ChatMl).Name);
        Assert.Equal("chatml", ChatFolders.Load(null, ChatFolders.ChatMl + "\n").Name);
        AssertUnknown(() => ChatFolders.Load(new JsonObject { ["chat_template"] = ChatFolders.ChatMl }, "{{ nothing }}"), "chat_template.jinja");
    }

    [Theory]
    [InlineData("'\\n'", "\"\\n\"")]
    [InlineData("'\\n'", "'\n'")]
    [InlineData("{% for", "{# a remark #}{%-  for")]
    [InlineData("{% if", "{% if\n   ")]
    [InlineData("{% endfor %}", "{% endfor %}\r\n")]
    [InlineData("{% endfor %}", "{% endfor %}\n{# another #}\n    ")]
    public void Load_TemplateLaidOutOtherwise_IsRecognised(string old, string now) =>
        Assert.Equal("chatml", Config(Replace(ChatFolders.ChatMl, old, now)).Name);

    [Theory]
    [InlineData("'\\n'", "' '")]
    [InlineData("message['content']", "message['content'] | trim")]
    [InlineData("{% endfor %}", "{% endfor %} ")]
    [InlineData("{% endfor %}", "{% endfor %}\n\n")]
    [InlineData("{{'<|im_start|>'", " {{'<|im_start|>'")]
    [InlineData("'<|im_end|>'", "'<|im_end|>\\x20'")]
    [InlineData("add_generation_prompt", "not add_generation_prompt")]
    public void Load_TemplateThatDoesSomethingElse_IsRefused(string old, string now) =>
        AssertUnknown(() => Config(Replace(ChatFolders.ChatMl, old, now)), "fingerprint");

    [Theory]
    [InlineData("{{")]
    [InlineData("{% '")]
    [InlineData("{#")]
    [InlineData("{")]
    public void Load_TagsThatNeverClose_AreRefused(string tag)
    {
        AssertUnknown(() => Config(ChatFolders.ChatMl + tag), "fingerprint");
        AssertUnknown(() => Config(string.Concat(Enumerable.Repeat(tag, 60_000 / tag.Length))), "fingerprint");
    }

    [Fact]
    public void Load_TemplateFileOfAMegabyte_IsRefusedUnread() =>
        Assert.Contains("longer than any", Assert.Throws<NotSupportedException>(() => ChatFolders.Load(null, new string('a', 1 << 20))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("You are a penguin.")]
    [InlineData("Antworte knapp,\nauf Deutsch.")]
    public void Load_DefaultSystemPrompt_IsReadFromTheTemplate(string system)
    {
        string template = Replace(
            ChatFolders.ChatMl,
            "{{'<|im_start|>'",
            "{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n" + system + "<|im_end|>\n' }}{% endif %}{{'<|im_start|>'");
        ChatFormat format = Config(template);
        Assert.Equal($"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n", format.Render(Hi).Text);
        Assert.StartsWith("<|im_start|>system\nBe brief.<|im_end|>", format.Render([ChatTurn.System("Be brief."), .. Hi]).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("llama3_1", "llama3")]
    [InlineData("qwen3", "qwen3")]
    public void Load_RealTemplateWithAnyLiteralChanged_IsRefused(string tokenizer, string name)
    {
        string template = ChatFolders.RequireTemplate(tokenizer);
        Assert.Equal(name, Config(template).Name);
        for (int i = template.IndexOf('\'', StringComparison.Ordinal); i >= 0; i = template.IndexOf('\'', i + 1))
            AssertUnknown(() => Config(template.Insert(i, "'x' ~ ")), "fingerprint");
    }

    [Fact]
    public void Load_SpecialTokens_AreTheFoldersOwn()
    {
        string template = ChatFolders.RequireTemplate("llama3_1");
        ChatFormat format = ChatFolders.Load(new JsonObject { ["chat_template"] = template, ["bos_token"] = new JsonObject { ["content"] = "<go>" } });
        Assert.StartsWith("<go><|start_header_id|>user", format.Render(Hi).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{")]
    [InlineData("{{-}}{%-%}{#-#}{{}}{%%}{##}")]
    [InlineData("{% '")]
    [InlineData("}}{{ \"\\")]
    [InlineData("")]
    public void Load_DamagedTemplate_IsRefused(string template) => AssertUnknown(() => Config(template), "fingerprint");

    [Fact]
    public void Load_EndlessTemplate_IsRefused() => AssertUnknown(() => Config(new string('{', 70_000)), "70000 characters");

    [Theory]
    [InlineData("{", "not valid JSON")]
    [InlineData("[]", "expected an object")]
    [InlineData("""{"chat_template": 3}""", "chat_template: expected a string, found 3")]
    [InlineData("""{"chat_template": [{"name": "default"}]}""", "chat_template[0]: the field \"template\" is missing")]
    [InlineData("""{"chat_template": "x", "bos_token": 1}""", "bos_token: expected a string")]
    public void Load_DamagedConfig_NamesFileAndField(string config, string expected)
    {
        InvalidDataException fault = Assert.Throws<InvalidDataException>(() => ChatFolders.LoadText(config));
        Assert.Contains("tokenizer_config.json", fault.Message, StringComparison.Ordinal);
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("""{"chat_template": null}""")]
    [InlineData("""{"chat_template": [{"name": "rag", "template": "x"}]}""")]
    public void Load_NoTemplate_SaysWhatToDo(string? config) =>
        Assert.Contains(
            "Name a format with ChatFormat.Named", Assert.Throws<NotSupportedException>(() => ChatFolders.LoadText(config)).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_NoFolderOrInvalidUtf8_Throws()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Assert.Throws<DirectoryNotFoundException>(() => ChatFormat.Load(folder["nowhere"]));
        File.WriteAllBytes(folder["chat_template.jinja"], [0x61, 0xFF]);
        InvalidDataException fault = Assert.Throws<InvalidDataException>(() => ChatFormat.Load(folder.Path));
        Assert.Contains("not valid UTF-8 at byte 1", fault.Message, StringComparison.Ordinal);
    }

    private static ChatFormat Config(string template) => ChatFolders.Load(new JsonObject { ["chat_template"] = template });

    private static string Replace(string text, string old, string now)
    {
        Assert.Contains(old, text, StringComparison.Ordinal);
        return text.Replace(old, now, StringComparison.Ordinal);
    }

    private static void AssertUnknown(Func<ChatFormat> load, string part)
    {
        NotSupportedException fault = Assert.Throws<NotSupportedException>(load);
        Assert.Contains(part, fault.Message, StringComparison.Ordinal);
        Assert.Contains("ChatFormat.Named", fault.Message, StringComparison.Ordinal);
    }
}

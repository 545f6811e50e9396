using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Core.Tests.Tokenization;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Chat;

/// <summary>Folders with chat templates: real ones, which are never committed, and made ones.</summary>
internal static class ChatFolders
{
    /// <summary>ChatML as a one-line template, the commonest of all.</summary>
    public const string ChatMl =
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}" +
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    public static ChatFormat Load(string tokenizer) => ChatFormat.Load(Require(tokenizer));

    /// <summary>A real tokenizer's folder; the running test is skipped where it is absent.</summary>
    public static string Require(string tokenizer)
    {
        string folder = Path.Combine(TokenizerFolders.Root, tokenizer);
        Assert.SkipUnless(
            File.Exists(Path.Combine(folder, "tokenizer_config.json")),
            $"{folder} is not on this machine (set LONGCONTEXT_TOKENIZERS to the folder that holds it)");
        return folder;
    }

    /// <summary>A real tokenizer's template.</summary>
    public static string RequireTemplate(string tokenizer) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(Require(tokenizer), "tokenizer_config.json")))!["chat_template"]!.GetValue<string>();

    /// <summary>Loads a folder with a tokenizer_config.json of these fields and, where given, a chat_template.jinja.</summary>
    public static ChatFormat Load(JsonObject? config, string? jinja = null) => LoadText(config?.ToJsonString(), jinja);

    public static ChatFormat LoadText(string? config, string? jinja = null)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        if (config is not null) File.WriteAllText(folder["tokenizer_config.json"], config);
        if (jinja is not null) File.WriteAllText(folder["chat_template.jinja"], jinja);
        return ChatFormat.Load(folder.Path);
    }

    /// <summary>A message as transformers takes it.</summary>
    public static ChatTurn Turn(JsonElement message) =>
        new(message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!)
        {
            Reasoning = message.TryGetProperty("reasoning_content", out JsonElement reasoning) ? reasoning.GetString() : null,
        };
}

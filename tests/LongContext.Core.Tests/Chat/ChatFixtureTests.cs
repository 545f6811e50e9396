using System.Text.Json;
using LongContext.Chat;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Chat;

/// <summary>Conversations as transformers' apply_chat_template writes them.</summary>
[Trait(FixtureTraits.Name, FixtureTraits.Tokenizers)]
public sealed class ChatFixtureTests
{
    public static IEnumerable<TheoryDataRow<string>> Files => TestPaths.FixtureFiles("*.json", "hf", "tokenizers");

    [Theory]
    [MemberData(nameof(Files))]
    public void Render_FixtureConversation_GivesTheSameText(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(TestPaths.Fixtures, "hf", "tokenizers", file)));
        Assert.SkipUnless(document.RootElement.TryGetProperty("chat", out JsonElement cases), $"{file} has no conversations: its folder has no template");
        ChatFormat format = ChatFolders.Load(Path.GetFileNameWithoutExtension(file));
        Assert.NotEqual(0, cases.GetArrayLength());
        foreach (JsonElement item in cases.EnumerateArray())
        {
            ChatTurn[] turns = [.. item.GetProperty("messages").EnumerateArray().Select(ChatFolders.Turn)];
            var options = new ChatRenderOptions
            {
                AddGenerationPrompt = item.GetProperty("add_generation_prompt").GetBoolean(),
                EnableThinking = item.TryGetProperty("enable_thinking", out JsonElement thinks) ? thinks.GetBoolean() : null,
            };
            Assert.Equal(item.GetProperty("text").GetString(), format.Render(turns, options).Text);
        }
    }

    [Fact]
    public void Load_Llama2FolderWithoutTemplate_SaysHowToNameOne()
    {
        NotSupportedException fault = Assert.Throws<NotSupportedException>(() => ChatFolders.Load("llama2"));
        Assert.Contains("no chat template", fault.Message, StringComparison.Ordinal);
        Assert.Contains("ChatFormat.Named (llama2, llama3,", fault.Message, StringComparison.Ordinal);
    }
}

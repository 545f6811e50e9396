using LongContext.Chat;

namespace LongContext.Core.Tests.Chat;

/// <summary>Thoughts in answers: Qwen3 and SmolLM3, as their templates write them.</summary>
public sealed class ThinkingTests
{
    [Theory]
    [InlineData("<think>\nhm\n</think>\n\nYo", "<think>\nhm\n</think>\n\nYo")]
    [InlineData("<think>hm</think>Yo", "<think>\nhm\n</think>\n\nYo")]
    [InlineData("hm</think>\n\n\nYo\n", "<think>\nhm\n</think>\n\nYo\n")]
    [InlineData("\n\nYo", "<think>\n\n</think>\n\nYo")]
    [InlineData("a</think>b</think>c", "<think>\na\n</think>\n\nc")]
    [InlineData("", "<think>\n\n</think>\n\n")]
    public void Qwen3_LastAnswer_HasABlockOfThoughts(string content, string expected) =>
        Assert.Equal(Qwen("<|im_start|>user\nHi", "<|im_start|>assistant\n" + expected), Qwen3([ChatTurn.User("Hi"), ChatTurn.Assistant(content)]));

    [Theory]
    [InlineData("<think>\nhm\n</think>\n\nYo", "Yo")]
    [InlineData("\nYo", "\nYo")]
    public void Qwen3_AnswerBeforeTheLastQuestion_HasNoThoughts(string content, string expected) =>
        Assert.Equal(
            Qwen("<|im_start|>user\nHi", "<|im_start|>assistant\n" + expected, "<|im_start|>user\nBye"),
            Qwen3([ChatTurn.User("Hi"), ChatTurn.Assistant(content), ChatTurn.User("Bye")]));

    [Fact]
    public void DeepSeekR1_Conversation_HasAnswersWithoutThoughtsAndAPromptThatOpensThem()
    {
        ChatText text = ChatFormat.Named("deepseek-r1").Render(
            [ChatTurn.User("Hi"), ChatTurn.System("Be kind."), ChatTurn.Assistant("<think>\nhm\n</think>\n\nYo"), ChatTurn.User("Bye")], new ChatRenderOptions { AddGenerationPrompt = true });
        Assert.Equal("<｜begin▁of▁sentence｜>Be kind.<｜User｜>Hi<｜Assistant｜>\n\nYo<｜end▁of▁sentence｜><｜User｜>Bye<｜Assistant｜><think>\n", text.Text);
        Assert.Equal("\n\nYo", text.Text[text.AssistantSpans.Single().Start..text.AssistantSpans.Single().ContentEnd]);
        Assert.Equal(ReasoningTags.Think, ChatFormat.Named("deepseek-r1").ReasoningTags);
    }

    [Fact]
    public void Qwen3_ToolResponseOfAUser_IsNoQuestion()
    {
        ChatTurn[] turns = [ChatTurn.User("Hi"), ChatTurn.Assistant("<think>a</think>b"), ChatTurn.User("<tool_response>1</tool_response>"), ChatTurn.Assistant("c")];
        Assert.Contains("assistant\n<think>\na\n</think>\n\nb<|im_end|>", Qwen3(turns), StringComparison.Ordinal);
    }

    [Fact]
    public void Qwen3_ReasoningApart_IsWrittenBeforeTheContentAsItIs()
    {
        ChatTurn answer = ChatTurn.Assistant("x</think>Yo") with { Reasoning = "\nhm\n" };
        Assert.Equal(Qwen("<|im_start|>user\nHi", "<|im_start|>assistant\n<think>\nhm\n</think>\n\nx</think>Yo"), Qwen3([ChatTurn.User("Hi"), answer]));
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData(true, "")]
    [InlineData(false, "<think>\n\n</think>\n\n")]
    public void Qwen3_GenerationPrompt_ClosesTheThoughtsWhereThinkingIsOff(bool? thinks, string expected)
    {
        ChatText text = ChatFormat.Named("qwen3").Render([ChatTurn.User("Hi")], new ChatRenderOptions { AddGenerationPrompt = true, EnableThinking = thinks });
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n" + expected, text.Text);
    }

    [Theory]
    [InlineData(null, "<think>\n\n</think>\n\nYo<|im_end|>")]
    [InlineData(false, "Yo<|im_end|>")]
    public void Qwen3_EmptyThoughts_AreTheAnswersUnlessThePromptHasThem(bool? thinks, string expected)
    {
        ChatText text = ChatFormat.Named("qwen3").Render([ChatTurn.User("Hi"), ChatTurn.Assistant("Yo")], new ChatRenderOptions { EnableThinking = thinks });
        AssistantSpan span = Assert.Single(text.AssistantSpans);
        Assert.Equal(expected, text.Text[span.Start..span.End]);
    }

    [Fact]
    public void Qwen3Thinking_Opening_IsThePrompts()
    {
        ChatText text = ChatFormat.Named("qwen3-thinking").Render(
            [ChatTurn.User("Hi"), ChatTurn.Assistant("<think>hm</think>Yo")], new ChatRenderOptions { AddGenerationPrompt = true });
        AssistantSpan span = Assert.Single(text.AssistantSpans);
        Assert.Equal("hm\n</think>\n\nYo<|im_end|>", text.Text[span.Start..span.End]);
        Assert.EndsWith("<|im_start|>assistant\n<think>\nhm\n</think>\n\nYo<|im_end|>\n<|im_start|>assistant\n<think>\n", text.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Be brief. /no_think", true, "/no_think", "Be brief.")]
    [InlineData("/think Be brief.", false, "/think", " Be brief.")]
    [InlineData("/no_think", null, "/no_think", "You are a helpful AI assistant named SmolLM, trained by Hugging Face.")]
    public void SmolLm3_FlagInTheSystemPrompt_DecidesAndIsLeftOut(string system, bool? thinks, string mode, string instructions)
    {
        ChatText text = ChatFormat.Named("smollm3").Render([ChatTurn.System(system), ChatTurn.User("Hi")], new ChatRenderOptions { EnableThinking = thinks });
        Assert.Contains($"\nReasoning Mode: {mode}\n\n## Custom Instructions\n\n{instructions}\n\n<|im_start|>user\nHi<|im_end|>\n", text.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void SmolLm3_Override_LeavesTheSystemPromptAlone()
    {
        ChatText text = ChatFormat.Named("smollm3").Render(
            [ChatTurn.System("Be brief. /system_override /no_think"), ChatTurn.Assistant("\nYo")], new ChatRenderOptions { AddGenerationPrompt = true });
        const string Open = "<|im_start|>assistant\n<think>\n\n</think>\n";
        Assert.Equal($"<|im_start|>system\nBe brief.<|im_end|>\n{Open}Yo<|im_end|>\n{Open}", text.Text);
    }

    private static string Qwen3(ChatTurn[] turns) => ChatFormat.Named("qwen3").Render(turns).Text;

    private static string Qwen(params string[] blocks) => string.Concat(blocks.Select(block => block + "<|im_end|>\n"));
}

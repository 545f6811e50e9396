using System.Text;
using System.Text.Json;
using LongContext.Tokenization;

namespace LongContext.Core.Tests.Tokenization;

public sealed class JsonFieldTests
{
    [Fact]
    public async Task Members_Many_AreEachReadOnce()
    {
        using JsonDocument document = JsonField.Parse("many.json", Encoding.UTF8.GetBytes(
            "{" + string.Join(',', Enumerable.Range(0, 200_000).Select(i => $"\"{i:D6}\":{i}")) + ",\"none\":null}"));
        var field = new JsonField("many.json", "x", document.RootElement);
        (string Name, JsonField Field)[] members = await Deadline.Run(() => field.Members().ToArray());
        Assert.Equal(200_000, members.Length);
        Assert.Equal("many.json: x.000007: odd.", members[7].Field.Fault("odd").Message);
        Assert.Equal(7, members[7].Field.Integer());
    }

    [Fact]
    public void Names_HalfASurrogatePair_AreAFault()
    {
        using JsonDocument document = JsonField.Parse("half.json", """{"\ud800\ud800\ud800": 0, "model": 1}"""u8.ToArray());
        var field = new JsonField("half.json", "", document.RootElement);
        foreach (Action read in new Action[] { () => field.Optional("decoder"), () => field.Required("decoder"), () => Assert.Empty(field.Members()) })
            Assert.Contains("half.json: a field's name is not Unicode text", Assert.Throws<InvalidDataException>(read).Message, StringComparison.Ordinal);
    }
}

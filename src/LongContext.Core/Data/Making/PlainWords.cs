namespace LongContext.Data.Making;

/// <summary>Short, common English nouns that tasks draw their texts from; most tokenizers have each as one token.</summary>
internal static class PlainWords
{
    private const string Text = """
        able acid acre actor adult agent air alarm album alley almond amber anchor angle ankle apple april apron arch
        arm army arrow art ash aunt autumn axe baby back bacon badge bag baker ball bamboo band bank barley barn basin
        basket bath beach bead beam bean bear bed bee bell belt bench berry bird biscuit blade blanket block blossom
        board boat body bolt bone book boot border bottle bowl box branch brass bread breeze brick bridge broom brother
        brush bucket bulb bus bush butter button cabin cable cake calendar camel camp candle canoe canvas captain card
        carpet carrot cart castle cat cave cedar cellar chain chair chalk cheese cherry chest chicken chimney church
        circle city clay cliff clock cloth cloud clover coal coast coat coin comb copper coral cork corn corner cotton
        couch cousin cow cradle crane cream creek crew cricket crow crown cup curtain cushion dairy daisy dance dawn
        deer desert desk diamond dinner dish doctor dog doll dolphin donkey door dove dragon drawer dress drum duck dust
        eagle ear earth east echo edge egg elbow elm engine evening eye face factory fall farm father feather fence fern
        ferry field finger fire fish flag flame flask floor flour flower flute fog forest fork fountain fox frame friend
        frog frost fruit fur gallery garage garden garlic gate giant ginger glass globe glove goat gold goose grain
        grape grass gravel guitar gull hair hall hammer hand harbor hare harp harvest hat hawk hay hazel heart hedge
        helmet herb hill honey hook horn horse hotel house hut ice ink inn iron island ivory ivy jacket jam jar jewel
        juice jungle kettle key king kitchen kite knee knife knot lace ladder lake lamb lamp lane lantern lark lawn leaf
        leather lemon letter library light lily lime linen lion lizard log lunch magnet maple marble market mask meadow
        melon metal milk mill mirror mist monkey moon morning moss mother motor mountain mouse mud mushroom music nail
        napkin needle nest net night north nose note nurse nut oak oar oat ocean office oil olive onion orange orchard
        organ otter oven owl oyster paddle page paint palace palm pan paper parcel park parrot path pea peach pear pearl
        pebble pen pencil pepper piano picture pie pigeon pillow pilot pin pine pipe plain planet plant plate plum
        pocket pond pony porch potato powder prince pump pumpkin purse quail quarry queen quilt rabbit radio raft rail
        rain raven ribbon rice ring river road robin rock roof room root rope rose rug ruler sack saddle sail salad
        salmon salt sand saw scarf school screw sea seed shadow sheep shelf shell ship shirt shoe shop shore silk silver
        sister skirt sky sled snail snow soap sock soil song soup south spade spider spoon spring square squirrel stable
        stairs stamp star station statue steam steel stone storm story stove straw stream street string sugar suit
        summer sun swan table tailor tea teacher temple tent thread throne thumb thunder ticket tiger tile timber tin
        toast tomato tool tooth torch towel tower town toy train tray tree trumpet trunk tulip tunnel turkey turtle
        uncle valley vase vest village vine violin voice wagon wall walnut watch water wave wax well west whale wheat
        wheel whistle willow wind window wing winter wolf wood wool yard yarn zebra
        """;

    /// <summary>542 different words in alphabetical order.</summary>
    public static IReadOnlyList<string> All { get; } = Text.Split([' ', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
}

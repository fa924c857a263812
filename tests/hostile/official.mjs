// Payloads as the Segment HTTP Tracking API documents them: one of each call with its fields, the batch, and every event of
// ecommerce v2 with its properties. [route, body].
const context = {
    active: true, ip: "192.0.2.7", locale: "en-US", timezone: "Europe/Amsterdam", groupId: "12345",
    app: { name: "InitechGlobal", version: "545", build: "3.0.1.545", namespace: "com.production.segment" },
    campaign: { name: "TPS Innovation Newsletter", source: "Newsletter", medium: "email", term: "tps reports", content: "image link" },
    device: { id: "B5372DB0-C21E-11E4-8DFC-AA07A5B093DB", advertisingId: "7A3CBEA0-BDF5-11E4-8DFC-AA07A5B093DB", adTrackingEnabled: true, manufacturer: "Apple", model: "iPhone7,2", name: "maguro", type: "ios", token: "ff15bc0c20c4aa6cd50854ff165fd265c838e5405bfeb9571066395b8c9da449" },
    library: { name: "analytics.js", version: "2.11.1" }, network: { bluetooth: false, carrier: "T-Mobile US", cellular: true, wifi: false },
    os: { name: "iPhone OS", version: "8.1.3" }, page: { path: "/academy/", referrer: "", search: "?gclid=abc", title: "Analytics Academy", url: "https://segment.com/academy/" },
    referrer: { id: "ABCD582CDEFFFF01919", type: "dataxu" }, screen: { width: 320, height: 568, density: 2 },
    userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 9_1 like Mac OS X) AppleWebKit/601.1.46 (KHTML, like Gecko) Version/9.0 Mobile/13B143 Safari/601.1",
    consent: { categoryPreferences: { Advertising: true, Analytics: false, Functional: true } },
    externalIds: [{ id: "123", type: "customer_id", collection: "users", encoding: "none" }], protocols: { event_id: "1" },
};
const common = {
    anonymousId: "23adfd82-aa0f-45a7-a756-24f2a7a4c895", context, integrations: { All: true, Mixpanel: false, Salesforce: false },
    messageId: "022bb90c-bbac-11e4-8dfc-aa07a5b093db", receivedAt: "2015-12-10T04:08:31.909Z", sentAt: "2015-12-10T04:08:31.581Z",
    timestamp: "2015-12-10T04:08:31.905Z", originalTimestamp: "2015-12-10T04:08:31.905Z", userId: "97980cfea0067", version: 2, channel: "browser",
};
const product = { product_id: "507f1f77bcf86cd799439011", sku: "G-32", category: "Games", name: "Monopoly: 3rd Edition", brand: "Hasbro", variant: "200 pieces", price: 18.99, quantity: 1, coupon: "MAYDEALS", position: 3, url: "https://www.example.com/product/path", image_url: "https://www.example.com/product/path.jpg" };
const money = { order_id: "50314b8e9bcf000000000000", affiliation: "Google Store", value: 30, revenue: 25.0, shipping: 3, tax: 2, discount: 2.5, coupon: "hasbros", currency: "USD", products: [product, { ...product, price: 3 }] };
const card = { checkout_id: "39f39fj39f3jf93fj9fj39fj3f", order_id: "dkfsjidfjsdifsdfksdjfkdsfjsdfkdsf", step: 2, shipping_method: "Fedex", payment_method: "Visa" };
const promotion = { promotion_id: "promo_1", creative: "top_banner_2", name: "75% store-wide shoe sale", position: "home_banner_top" };
const wish = { wishlist_id: "skdjsidjsdkdj29j", wishlist_name: "Loved Games", ...product };

export const ecommerce = {
    "Products Searched": { query: "blue hotpants" },
    "Product List Viewed": { list_id: "hot_deals_1", category: "Deals", products: [product] },
    "Product List Filtered": { list_id: "todays_deals_may_11_2016", filters: [{ type: "department", value: "beauty" }], sorts: [{ type: "price", value: "desc" }], products: [product] },
    "Promotion Viewed": promotion, "Promotion Clicked": promotion, "Product Clicked": product,
    "Product Viewed": { ...product, currency: "usd", value: 18.99 }, "Product Added": { cart_id: "skdjsidjsdkdj29j", ...product },
    "Product Removed": { cart_id: "ksjdj92dj29dj92d2j", ...product }, "Cart Viewed": { cart_id: "d92jd29jd92jd29j92d92jd", products: [product] },
    "Checkout Started": money, "Checkout Step Viewed": card, "Checkout Step Completed": card, "Payment Info Entered": card,
    "Order Completed": { checkout_id: "fksdjfsdjfisjf9sdfjsd9f", subtotal: 22.5, total: 27.5, ...money },
    "Order Updated": { total: 27.5, ...money }, "Order Cancelled": { total: 27.5, ...money }, "Order Refunded": { order_id: "50314b8e9bcf000000000000", total: 30, currency: "USD", products: [product] },
    "Coupon Entered": { order_id: "1", cart_id: "2", coupon_id: "may_deals_2016" }, "Coupon Applied": { order_id: "1", cart_id: "2", coupon_id: "may_deals_2016", coupon_name: "May Deals 2016", discount: 23.32 },
    "Coupon Denied": { order_id: "1", cart_id: "2", coupon_id: "may_deals_2016", reason: "Coupon expired" }, "Coupon Removed": { order_id: "1", cart_id: "2", coupon_id: "may_deals_2016", discount: 23.32 },
    "Product Added to Wishlist": wish, "Product Removed from Wishlist": wish, "Wishlist Product Added to Cart": { ...wish, cart_id: "99j2d92j9dj29dj29d2d" },
    "Product Shared": { share_via: "email", share_message: "Hey, check out this item", recipient: "friend@example.com", ...product },
    "Cart Shared": { share_via: "email", share_message: "Hey", recipient: "friend@example.com", cart_id: "d92jd29jd92jd29j92d92jd", products: [{ product_id: "507f1f77bcf86cd799439011" }] },
    "Product Reviewed": { product_id: "507f1f77bcf86cd799439011", review_id: "kdfjrj39fj39jf3", review_body: "I love this product", rating: "5" },
};

const address = { city: "San Francisco", country: "USA", postalCode: "94103", state: "CA", street: "6th St" };
const calls = [
    ["identify", { traits: { address, age: 41, avatar: "https://example.com/a.png", birthday: "1974-05-01", company: { name: "Initech", id: "123", industry: "Technology", employee_count: 100, plan: "enterprise" }, createdAt: "2013-06-01T00:00:00Z", description: "TPS", email: "peter@example.com", firstName: "Peter", gender: "male", id: "97980cfea0067", lastName: "Gibbons", name: "Peter Gibbons", phone: "410-555-9412", title: "VP of Derp", username: "pgibbons", website: "https://www.example.com", logins: 5 } }],
    ["track", { event: "Registered", properties: { plan: "Pro Annual", accountType: "Facebook", revenue: 19.95, currency: "USD", value: 20 } }],
    ["page", { name: "Home", category: "Docs", properties: { title: "Welcome | Initech", url: "https://www.example.com", path: "/", referrer: "https://duckduckgo.com/", search: "?q=1", keywords: ["a", "b"] } }],
    ["screen", { name: "Home", category: "Docs", properties: { "Feed Type": "private" } }],
    ["group", { groupId: "0e8c78ea9d97a7b8185e8632", traits: { address, avatar: "https://example.com/a.png", createdAt: "2012-03-01T00:00:00Z", description: "x", email: "hello@example.com", employees: 329, id: "g", industry: "Technology", name: "Initech", phone: "1", website: "https://www.example.com", plan: "enterprise", "total billed": 830 } }],
    ["alias", { previousId: "39239-239239-239239-23923", userId: "507f191e81" }],
];
export const official = [
    // the specification's own example
    ["/v1/track", '{"messageId":"m-1","anonymousId":"a-9","event":"Order Completed","timestamp":"2026-01-05T10:00:00.000Z","sentAt":"2026-01-05T10:00:05.000Z","properties":{"order_id":"o-1","total":27.5,"subtotal":22.5,"revenue":22.5,"shipping":3,"tax":2,"currency":"EUR","products":[{"product_id":"p1","price":22.5,"quantity":1}]},"context":{"campaign":{"source":"google","medium":"cpc","name":"spring"},"consent":{"categoryPreferences":{"Advertising":true,"Analytics":false}}}}'],
    ...calls.map(([type, own]) => [`/v1/${type}`, JSON.stringify({ ...common, ...own })]),
    ...calls.map(([type, own]) => [`/v1/${type[0]}`, JSON.stringify({ type, ...common, ...own })]),
    ["/v1/batch", JSON.stringify({ batch: calls.map(([type, own]) => ({ type, ...common, ...own, messageId: `b-${type}` })), context, integrations: { All: true }, sentAt: "2015-12-10T04:08:31.581Z" })],
    ["/v1/import", JSON.stringify({ batch: calls.map(([type, own]) => ({ type, ...common, ...own })) })],
    ...Object.entries(ecommerce).map(([event, properties]) => ["/v1/track", JSON.stringify({ ...common, event, properties })]),
    ["/v1/track", JSON.stringify({ ...common, event: "Segment Consent Preference Updated" })],
    // RudderStack's own
    ["/v1/merge", '{"type":"merge","mergeProperties":[{"type":"email","value":"alex@example.com"},{"type":"mobile","value":"+1-202-555-0146"}]}'],
    ["/v1/identify", '{"userId":"1","context":{"traits":{"email":"alex@example.com"},"sessionId":1669977278,"sessionStart":true,"consentManagement":{"provider":"oneTrust","allowedConsentIds":["C0001"],"deniedConsentIds":["C0002"],"resolutionStrategy":"and"},"library":{"name":"RudderLabs JavaScript SDK","version":"3.0.0","namespace":"com.rudderlabs.javascript"}},"channel":"web","rudderId":"x","request_ip":"192.0.2.1"}'],
];
